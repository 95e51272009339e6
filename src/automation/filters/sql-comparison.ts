/** What each comparison of a value means, as SQL: true, false, or null when the value is absent. */
import { sql } from 'kysely';
import { createDayBounds } from './calendar.ts';
import type { NumberBound, ValueComparison } from './comparison.ts';
import type { FieldType } from './filter.ts';
import type { SqlCalendar } from './sql-calendar.ts';
import {
  dateSql,
  elementsSql,
  flagSql,
  idSql,
  instantSql,
  listSizeSql,
  numberSql,
  type Sql,
  textSql,
} from './sql-values.ts';

/** Where and when. */
export interface SqlMoment {
  readonly calendar: SqlCalendar;
  readonly now: bigint;
}

/** `value` is an expression of type jsonb. */
export function comparisonSql(
  comparison: ValueComparison,
  type: FieldType,
  value: Sql,
  moment: SqlMoment,
): Sql {
  switch (comparison.kind) {
    case 'exists':
      return existsSql(READERS[type].read(value));
    case 'content':
      return contentSql(type, value);
    case 'keys':
      return keysSql(comparison, type, value);
    case 'text':
      return placedSql(comparison, value);
    case 'range':
      return rangeSql(comparison, numberSql(value));
    case 'elements': {
      const keys = sql`${[...comparison.keys]}::text[]`;
      return comparison.wants === 'any'
        ? sql`(${elementsSql(value)}) && ${keys}`
        : sql`(${elementsSql(value)}) @> ${keys}`;
    }
    case 'size':
      return sql`(${listSizeSql(value)}) = ${comparison.size}::bigint`;
    default:
      return timeSql(comparison, type, value, moment);
  }
}

type Kind<K extends ValueComparison['kind']> = Extract<ValueComparison, { kind: K }>;

/** How a value is read, and the type of what its keys (see keyOf) are compared as. */
const READERS: Readonly<Record<FieldType, { read: (value: Sql) => Sql; keyType: string }>> = {
  string: { read: textSql, keyType: 'text' },
  id: { read: idSql, keyType: 'text' },
  bool: { read: flagSql, keyType: 'text' },
  int: { read: numberSql, keyType: 'numeric' },
  decimal: { read: numberSql, keyType: 'numeric' },
  date: { read: dateSql, keyType: 'text' },
  timestamp: { read: instantSql, keyType: 'bigint' },
  list: { read: listSizeSql, keyType: 'integer' },
};

function keysSql({ keys }: Kind<'keys'>, type: FieldType, value: Sql): Sql {
  const { read, keyType } = READERS[type];
  return sql`(${read(value)}) = any(${[...keys]}::${sql.raw(keyType)}[])`;
}

function contentSql(type: FieldType, value: Sql): Sql {
  const read = READERS[type].read(value);
  switch (type) {
    case 'string':
      return sql`(${read}) <> ''`;
    case 'list':
      return sql`(${read}) > 0`;
    default:
      return existsSql(read);
  }
}

function existsSql(read: Sql): Sql {
  return sql`nullif((${read}) is not null, false)`;
}

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

function placedSql({ place, text, ignoresCase }: Kind<'text'>, value: Sql): Sql {
  const read = ignoresCase
    ? sql`translate(${textSql(value)}, ${UPPER}, ${UPPER.toLowerCase()})`
    : sql`(${textSql(value)})`;
  switch (place) {
    case 'anywhere':
      return sql`strpos(${read}, ${text}) > 0`;
    case 'start':
      return sql`starts_with(${read}, ${text})`;
    case 'end':
      return sql`right(${read}, char_length(${text})) = ${text}`;
  }
}

function rangeSql({ low, high }: Kind<'range'>, number: Sql): Sql {
  const beside = ({ number: bound, isIncluded }: NumberBound, relation: '>' | '<') =>
    sql`(${number}) ${sql.raw(isIncluded ? `${relation}=` : relation)} ${bound.toFixed()}::numeric`;
  const bounds = [low && beside(low, '>'), high && beside(high, '<')].filter((bound) => bound !== null);
  return sql.join(bounds, sql` and `);
}

type TimeComparison = Kind<'day' | 'instant' | 'days' | 'time' | 'month' | 'weekday'>;

function timeSql(comparison: TimeComparison, type: FieldType, value: Sql, { calendar, now }: SqlMoment): Sql {
  switch (comparison.kind) {
    case 'day':
      return type === 'date' ? besideDateSql(comparison, value) : besideDaySql(comparison, value, calendar);
    case 'instant': {
      const { relation, instant } = comparison;
      return sql`(${instantSql(value)}) ${sql.raw(RELATIONS[relation])} ${instant.toString()}::bigint`;
    }
    case 'days':
      return sql`(${dateSql(value)}) collate "C"
        between ${calendar.dayAround(comparison, 'first')} and ${calendar.dayAround(comparison, 'last')}`;
    case 'time':
      return sql`(${instantSql(value)})
        between ${(now + comparison.from).toString()}::bigint and ${(now + comparison.to).toString()}::bigint`;
    case 'month':
      return sql`extract(month from ${calendarDateSql(type, value, calendar)}) = ${comparison.month}::integer`;
    case 'weekday':
      return sql`extract(isodow from ${calendarDateSql(type, value, calendar)}) = ${comparison.weekday}::integer`;
  }
}

/** As a date. */
function calendarDateSql(type: FieldType, value: Sql, calendar: SqlCalendar): Sql {
  return type === 'date' ? sql`(${dateSql(value)})::date` : calendar.dateOf(instantSql(value));
}

const RELATIONS = { before: '<', after: '>', on: '=' } as const;

function besideDateSql({ relation, date }: Kind<'day'>, value: Sql): Sql {
  return sql`(${dateSql(value)}) collate "C" ${sql.raw(RELATIONS[relation])} ${date}`;
}

function besideDaySql({ relation, date }: Kind<'day'>, value: Sql, calendar: SqlCalendar): Sql {
  const boundsIn = createDayBounds(date);
  const instant = instantSql(value);
  switch (relation) {
    case 'before':
      return sql`(${instant}) < ${calendar.dayBound(boundsIn, 'start')}`;
    case 'after':
      return sql`(${instant}) >= ${calendar.dayBound(boundsIn, 'end')}`;
    case 'on':
      return sql`(${instant}) >= ${calendar.dayBound(boundsIn, 'start')}
        and (${instant}) < ${calendar.dayBound(boundsIn, 'end')}`;
  }
}
