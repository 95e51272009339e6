/**
 * Calendar expressions in SQL for each athlete's time zone, from offset tables of this process instead of
 * PostgreSQL's zones.
 */
import { sql } from 'kysely';
import { dayNumberOf } from '../values/civil-date.ts';
import type { Instant } from '../values/instant.ts';
import { offsetChangesIn } from '../values/zoned.ts';
import { DOCUMENT, INSTANT, type Sql, type SqlReader, type SqlReadings } from './sql-values.ts';
import {
  createDayRange,
  type DayBounds,
  type DayRange,
  toCanonicalZone,
  toLocalDate,
  ZONED_FROM,
  ZONED_TO,
} from './zoned-calendar.ts';

/** Expressions whose values depend on the time zone in the athlete's document. */
export interface SqlCalendar {
  /** The start or the end of a day in microseconds, as bigint. */
  dayBound(boundsIn: (zone: string) => DayBounds, bound: keyof DayBounds): Sql;
  /**
   * The first or the last day of a range around today, as text; null when today is outside the years 1 to
   * 9999.
   */
  dayAround(around: { from: number; to: number }, which: keyof DayRange): Sql;
  /** Reads the local day of a timestamp, as a date. */
  readonly localDate: SqlReader;
}

/**
 * Creates the expressions. The time zone is the one in the document if `names` has it, else the first of
 * `names`.
 */
export function createSqlCalendar(
  readings: SqlReadings,
  names: readonly string[],
  now: Instant,
): SqlCalendar {
  const position = sql`coalesce(array_position(${names}::text[], ${DOCUMENT} ->> 'time_zone'), 1)`;
  const zones = names.map((name) => toCanonicalZone(name, ...names.slice(0, 1)));
  const byZone = (type: string, valueIn: (zone: string) => string | null) =>
    sql`(${zones.map(valueIn)}::${sql.raw(type)}[])[${readings.column('zone', () => position)}]`;
  return {
    dayBound: (boundsIn, bound) => byZone('bigint', (zone) => boundsIn(zone)[bound].toString()),
    dayAround: ({ from, to }, which) =>
      byZone('text', (zone) => {
        const today = toLocalDate(zone, now);
        return today === undefined ? null : createDayRange(from, to)(today)[which];
      }),
    localDate: { name: 'local date', write: (value) => localDateSql(INSTANT.write(value), position, zones) },
  };
}

/** The local date of an instant; null outside the years 1 to 9999. */
function localDateSql(instant: Sql, position: Sql, zones: readonly string[]): Sql {
  return sql`(select case when day between ${FIRST_DAY} and ${LAST_DAY} then date '1970-01-01' + day::integer end
    from (select floor((micros + ${offsetSql(sql.ref('micros'), position, zones)}) / 86400000000.0) as day
      from (select ${instant} as micros offset 0) as instants offset 0) as days)`;
}

const FIRST_DAY = dayNumberOf('0001-01-01');
const LAST_DAY = dayNumberOf('9999-12-31');

/** Distance in seconds between the zones in the common offset table: longer than the years 1970 to 2099. */
const ZONE_STRIDE = 10_000_000_000;

/** The offset from UTC in microseconds, by binary search in one table of all zones' offset changes. */
function offsetSql(micros: Sql, position: Sql, zones: readonly string[]): Sql {
  const changes = zones.flatMap((zone, index) =>
    offsetChangesIn(zone).map(({ from, offset }) => ({
      from: (index + 1) * ZONE_STRIDE + from,
      offset,
    })),
  );
  return sql`case when ${micros} >= ${ZONED_FROM.toString()}::bigint and ${micros} < ${ZONED_TO.toString()}::bigint
    then (${changes.map(({ offset }) => offset)}::bigint[])[width_bucket(
      ${position} * ${ZONE_STRIDE}::bigint + ${micros} / 1000000, ${changes.map(({ from }) => from)}::bigint[])] * 1000000
    else 0 end`;
}
