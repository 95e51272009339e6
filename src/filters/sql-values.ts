/**
 * The readers of values.ts as SQL over jsonb: null where those give undefined, and never an error.
 * What a predicate reads of an athlete's document: each value once a row, however many conditions look at it.
 */
import { type RawBuilder, sql } from 'kysely';
import type { FilterField } from './filter.ts';
import {
  DATE_PATTERN,
  LEAST_SIZE,
  NUMBER_PATTERN,
  SIZE_LIMIT,
  TIMESTAMP_PATTERN,
  UUID_PATTERN,
} from './typed-values.ts';

/** An expression of PostgreSQL's; its parameters are bound. */
export type Sql = RawBuilder<unknown>;

/** A reader of values.ts in SQL; no two are of one name. */
export interface SqlReader {
  readonly name: string;
  /** `value` is of type jsonb; the result is null when the value is absent, and never an error. */
  write(value: Sql): Sql;
}

// CASE alone keeps PostgreSQL from evaluating a cast on rows that the test before it excludes.

export const TEXT: SqlReader = {
  name: 'text',
  write: (value) =>
    sql`case when jsonb_typeof(${value}) = 'string' then normalize(${toScalarText(value)}, NFC) end`,
};

export const FOLDED_TEXT: SqlReader = {
  name: 'folded text',
  write: (value) => sql`translate(${TEXT.write(value)}, ${UPPER}, ${UPPER.toLowerCase()})`,
};

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

export const ID: SqlReader = {
  name: 'id',
  write: (value) =>
    sql`case when ${matchesPattern(value, UUID_PATTERN)} then lower(${toScalarText(value)}) end`,
};

/** As text. */
export const FLAG: SqlReader = {
  name: 'flag',
  write: (value) => sql`case when jsonb_typeof(${value}) = 'boolean' then ${toScalarText(value)} end`,
};

export const NUMBER: SqlReader = {
  name: 'number',
  write: (value) => sql`case when jsonb_typeof(${value}) = 'number' then ${jsonNumberSql(value)}
    when ${matchesPattern(value, NUMBER_PATTERN)} then ${toScalarText(value)}::numeric end`,
};

/** As text, which is in the order of the calendar. */
export const DATE: SqlReader = {
  name: 'date',
  write: (value) => sql`case when ${matchesPattern(value, DATE_PATTERN)} then ${toScalarText(value)} end`,
};

/** In microseconds since 1970, as bigint. What is below a microsecond is cut, where PostgreSQL would round. */
export const INSTANT: SqlReader = {
  name: 'instant',
  write: (value) => sql`case when ${matchesPattern(value, TIMESTAMP_PATTERN)} then (extract(epoch from
    regexp_replace(${toScalarText(value)}, '(\\.[0-9]{6})[0-9]+', '\\1')::timestamptz) * 1000000)::bigint end`,
};

/** The keys of a list's elements, as text[] with nulls. */
export const ELEMENTS: SqlReader = {
  name: 'elements',
  write: (value) => sql`case when jsonb_typeof(${value}) = 'array' then array(
    select ${elementKeySql(sql.ref('list.element'))} from jsonb_array_elements(${value}) as list (element)) end`,
};

export const LIST_SIZE: SqlReader = {
  name: 'list size',
  write: (value) => sql`case when jsonb_typeof(${value}) = 'array' then jsonb_array_length(${value}) end`,
};

function elementKeySql(element: Sql): Sql {
  return sql`case jsonb_typeof(${element}) when 'string' then normalize(${toScalarText(element)}, NFC)
    when 'number' then trim_scale(${jsonNumberSql(element)})::text when 'boolean' then ${toScalarText(element)} end`;
}

/**
 * A JSON number as JavaScript knows it: the double next to it, in the digits of that double's shortest spelling. Up to
 * 15 of them that is the number itself. jsonb keeps more, and sizes of which there are no doubles.
 */
function jsonNumberSql(value: Sql): Sql {
  return sql`case when length(${toScalarText(value)}) <= 15 then (${value})::numeric else (
    select case when n = 0 or abs(n) >= ${LEAST_SIZE}::numeric and abs(n) < ${SIZE_LIMIT}::numeric then n end
    from (select case when abs(n) <= ${BECOMES_ZERO}::numeric then 0
      when abs(n) between 1e-101 and 1e101 then n::float8::text::numeric end as n
      from (select (${value})::numeric as n offset 0) as stored offset 0) as doubles) end`;
}

/** Half of the least double. */
const BECOMES_ZERO = '2.4703282292062327208828439643411068618252990130716238221279284125e-324';

function matchesPattern(value: Sql, pattern: string): Sql {
  return sql`(jsonb_typeof(${value}) = 'string' and ${toScalarText(value)} ~ ${pattern})`;
}

/** A scalar without its quotes. */
function toScalarText(value: Sql): Sql {
  return sql`(${value} #>> '{}')`;
}

/** The document, in the expressions of columns. */
export const DOCUMENT: Sql = sql.ref('athlete.document');

export interface SqlReadings {
  /** A column with what the reader makes of the field's value. */
  fieldValue(field: FilterField, reader: SqlReader): Sql;
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
    fieldValue: (field, reader) =>
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
