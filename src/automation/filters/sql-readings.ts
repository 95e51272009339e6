/** What a predicate reads of an athlete's document: each value once a row, however many conditions look at it. */
import { sql } from 'kysely';
import type { FilterField } from './filter.ts';
import type { Sql, SqlReader } from './sql-values.ts';

/** The document, in the expressions of columns. */
export const DOCUMENT: Sql = sql.ref('athlete.document');

export interface SqlReadings {
  /** A column with what the reader makes of the field's value. */
  of(field: FilterField, reader: SqlReader): Sql;
  /** A column with the expression, which is over DOCUMENT; one for each name. */
  column(name: string, write: () => Sql): Sql;
  /** The value of an expression over the columns, for the document. */
  within(athleteDocument: Sql, expression: Sql): Sql;
}

export function createSqlReadings(): SqlReadings {
  const columns = new Map<string, { readonly alias: string; readonly expression: Sql }>();
  const column = (name: string, write: () => Sql): Sql => {
    const known = columns.get(name) ?? { alias: `value_${columns.size}`, expression: write() };
    columns.set(name, known);
    return sql.ref(`reading.${known.alias}`);
  };
  return {
    column,
    of: (field, reader) =>
      column(JSON.stringify([reader.name, field.scope, ...field.path]), () => reader.write(valueSql(field))),
    within(athleteDocument, expression) {
      if (columns.size === 0) {
        return expression;
      }
      const list = [...columns.values()].map((each) => sql`${each.expression} as ${sql.ref(each.alias)}`);
      // Without the offsets PostgreSQL would put each expression in the place of every reference to it.
      return sql`(select ${expression} from (select ${sql.join(list)}
        from (select ${athleteDocument} as document offset 0) as athlete offset 0) as reading)`;
    },
  };
}

/** By names as text, so that a step into a list or a scalar gives null, as it gives nothing in TypeScript. */
function valueSql({ path }: FilterField): Sql {
  return sql`(${DOCUMENT}${sql.join(
    path.map((name) => sql` -> ${name}::text`),
    sql``,
  )})`;
}
