/**
 * The readers of typed-values.ts as SQL over jsonb (null where those return undefined), with one column per
 * value read.
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

/** A SQL expression with bound parameters. */
export type Sql = RawBuilder<unknown>;

/** A reader of typed-values.ts in SQL. Names are unique. */
export interface SqlReader {
  readonly name: string;
  /** Reads a value of type jsonb; the result is null when the value is absent, and never an error. */
  write(value: Sql): Sql;
}

// Only CASE keeps PostgreSQL from evaluating a cast on rows that a previous test excludes.

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

/** As text, whose order is that of the calendar. */
export const DATE: SqlReader = {
  name: 'date',
  write: (value) => sql`case when ${matchesPattern(value, DATE_PATTERN)} then ${toScalarText(value)} end`,
};

/** Microseconds since 1970, as bigint. Digits below a microsecond are cut, where PostgreSQL would round. */
export const INSTANT: SqlReader = {
  name: 'instant',
  write: (value) => sql`case when ${matchesPattern(value, TIMESTAMP_PATTERN)} then (extract(epoch from
    regexp_replace(${toScalarText(value)}, '(\\.[0-9]{6})[0-9]+', '\\1')::timestamptz) * 1000000)::bigint end`,
};

/** The keys of a list's elements, as text[] with nulls for other values. */
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
 * A JSON number as JavaScript reads it: the nearest double, in the digits of that double's shortest form. Up
 * to 15 digits that is the number itself; jsonb keeps more digits, and magnitudes beyond doubles.
 */
function jsonNumberSql(value: Sql): Sql {
  return sql`case when length(${toScalarText(value)}) <= 15 then (${value})::numeric else (
    select case when n = 0 or abs(n) >= ${LEAST_SIZE}::numeric and abs(n) < ${SIZE_LIMIT}::numeric then n end
    from (select case when abs(n) <= ${BECOMES_ZERO}::numeric then 0
      when abs(n) between 1e-101 and 1e101 then n::float8::text::numeric end as n
      from (select (${value})::numeric as n offset 0) as stored offset 0) as doubles) end`;
}

/** Half of the smallest double; smaller numbers round to 0. */
const BECOMES_ZERO = '2.4703282292062327208828439643411068618252990130716238221279284125e-324';

function matchesPattern(value: Sql, pattern: string): Sql {
  return sql`(jsonb_typeof(${value}) = 'string' and ${toScalarText(value)} ~ ${pattern})`;
}

/** The text of a JSON scalar, without quotes. */
function toScalarText(value: Sql): Sql {
  return sql`(${value} #>> '{}')`;
}

/** The athlete's document in column expressions. */
export const DOCUMENT: Sql = sql.ref('athlete.document');

export interface SqlReadings {
  /** Returns the column of the field's value as the reader reads it. */
  fieldValue(field: FilterField, reader: SqlReader): Sql;
  /** Returns the column of an expression over DOCUMENT; one column per name. */
  column(name: string, write: () => Sql): Sql;
  /** Wraps an expression over the columns, so that it applies to the given document. */
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
      // `offset 0` keeps PostgreSQL from inlining each column at every reference.
      return sql`(select ${expression} from (select ${sql.join(list)}
        from (select ${athleteDocument} as document offset 0) as athlete offset 0) as reading)`;
    },
  };
}

/** Path steps are text, so that a step into a list or a scalar gives null, as in TypeScript. */
function valueSql({ path }: FilterField): Sql {
  return sql`(${DOCUMENT}${sql.join(
    path.map((name) => sql` -> ${name}::text`),
    sql``,
  )})`;
}
