/** Translates comparisons of values into SQL: true, false, or null when the value is absent. */
import { sql } from 'kysely';
import type { NumberBound, ValueComparison } from './condition-comparison.ts';
import type { FieldType, FilterField } from './filter.ts';
import type { SqlCalendar } from './sql-calendar.ts';
import type { SqlReadings } from './sql-values.ts';
import {
  DATE,
  ELEMENTS,
  FLAG,
  FOLDED_TEXT,
  ID,
  INSTANT,
  LIST_SIZE,
  NUMBER,
  type Sql,
  type SqlReader,
  TEXT,
} from './sql-values.ts';
import { createDayBounds } from './zoned-calendar.ts';

/** The readings, calendar and present of a statement. */
export interface SqlSubject {
  readonly readings: SqlReadings;
  readonly calendar: SqlCalendar;
  readonly now: bigint;
}

/** Returns the column of the field's value as the reader reads it. */
type On = (reader: SqlReader) => Sql;

type Kind<K extends ValueComparison['kind']> = Extract<ValueComparison, { kind: K }>;

export function comparisonSql(comparison: ValueComparison, field: FilterField, subject: SqlSubject): Sql {
  const on: On = (reader) => subject.readings.fieldValue(field, reader);
  const { reader, keyType } = READERS[field.type];
  switch (comparison.kind) {
    case 'exists':
      return existsSql(on(reader));
    case 'content':
      return contentSql(field.type, on(reader));
    case 'keys':
      return sql`${on(reader)} = any(${[...comparison.keys]}::${sql.raw(keyType)}[])`;
    case 'text':
      return textSql(comparison, on);
    case 'range':
      return rangeSql(comparison, on(NUMBER));
    case 'elements': {
      const operator = sql.raw(comparison.wants === 'any' ? '&&' : '@>');
      return sql`${on(ELEMENTS)} ${operator} ${[...comparison.keys]}::text[]`;
    }
    case 'size':
      return sql`${on(LIST_SIZE)} = ${comparison.size}::bigint`;
    default:
      return timeSql(comparison, field.type, on, subject);
  }
}

/**
 * The reader of each field type, and the SQL type in which its values are compared with keys (see `toKey`).
 */
const READERS: Readonly<Record<FieldType, { readonly reader: SqlReader; readonly keyType: string }>> = {
  string: { reader: TEXT, keyType: 'text' },
  id: { reader: ID, keyType: 'text' },
  bool: { reader: FLAG, keyType: 'text' },
  int: { reader: NUMBER, keyType: 'numeric' },
  decimal: { reader: NUMBER, keyType: 'numeric' },
  date: { reader: DATE, keyType: 'text' },
  timestamp: { reader: INSTANT, keyType: 'bigint' },
  list: { reader: LIST_SIZE, keyType: 'integer' },
};

function contentSql(type: FieldType, value: Sql): Sql {
  switch (type) {
    case 'string':
      return sql`${value} <> ''`;
    case 'list':
      return sql`${value} > 0`;
    default:
      return existsSql(value);
  }
}

function existsSql(value: Sql): Sql {
  return sql`nullif(${value} is not null, false)`;
}

function textSql({ position, text, ignoresCase }: Kind<'text'>, on: On): Sql {
  const value = on(ignoresCase ? FOLDED_TEXT : TEXT);
  switch (position) {
    case 'anywhere':
      return sql`strpos(${value}, ${text}) > 0`;
    case 'start':
      return sql`starts_with(${value}, ${text})`;
    case 'end':
      return sql`right(${value}, char_length(${text})) = ${text}`;
  }
}

function rangeSql({ low, high }: Kind<'range'>, value: Sql): Sql {
  const toBoundSql = ({ number, isIncluded }: NumberBound, relation: '>' | '<') =>
    sql`${value} ${sql.raw(isIncluded ? `${relation}=` : relation)} ${number.toFixed()}::numeric`;
  const bounds = [low && toBoundSql(low, '>'), high && toBoundSql(high, '<')].filter(
    (bound) => bound !== null,
  );
  return sql.join(bounds, sql` and `);
}

type TimeComparison = Kind<'day' | 'instant' | 'days' | 'time' | 'month' | 'weekday'>;

const RELATIONS = { before: '<', after: '>', on: '=' } as const;

function timeSql(comparison: TimeComparison, type: FieldType, on: On, { calendar, now }: SqlSubject): Sql {
  // The text of a date casts to a PostgreSQL date.
  const day = () => (type === 'date' ? sql`${on(DATE)}::date` : on(calendar.localDate));
  switch (comparison.kind) {
    case 'day':
      return type === 'date'
        ? sql`${on(DATE)} collate "C" ${sql.raw(RELATIONS[comparison.relation])} ${comparison.date}`
        : instantDaySql(comparison, on(INSTANT), calendar);
    case 'instant': {
      const { relation, instant } = comparison;
      return sql`${on(INSTANT)} ${sql.raw(RELATIONS[relation])} ${instant.toString()}::bigint`;
    }
    case 'days':
      return sql`${on(DATE)} collate "C"
        between ${calendar.dayAround(comparison, 'first')} and ${calendar.dayAround(comparison, 'last')}`;
    case 'time': {
      const [from, to] = [now + comparison.from, now + comparison.to];
      return sql`${on(INSTANT)} between ${from.toString()}::bigint and ${to.toString()}::bigint`;
    }
    case 'month':
      return sql`extract(month from ${day()}) = ${comparison.month}::integer`;
    case 'weekday':
      return sql`extract(isodow from ${day()}) = ${comparison.weekday}::integer`;
  }
}

function instantDaySql({ relation, date }: Kind<'day'>, instant: Sql, calendar: SqlCalendar): Sql {
  const boundsIn = createDayBounds(date);
  switch (relation) {
    case 'before':
      return sql`${instant} < ${calendar.dayBound(boundsIn, 'start')}`;
    case 'after':
      return sql`${instant} >= ${calendar.dayBound(boundsIn, 'end')}`;
    case 'on': {
      const [start, end] = [calendar.dayBound(boundsIn, 'start'), calendar.dayBound(boundsIn, 'end')];
      return sql`${instant} >= ${start} and ${instant} < ${end}`;
    }
  }
}
