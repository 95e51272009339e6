/** Converts between instants and calendar days in an athlete's time zone. */

import { addDays, type CivilDate } from '../values/civil-date.ts';
import { type Instant, instantFromText } from '../values/instant.ts';
import { firstTimeZone, instantOfLocal, localDateOf } from '../values/zoned.ts';

/**
 * The first valid time zone name in lower case, else `utc`; one spelling per zone keeps caches by zone small.
 */
export function toCanonicalZone(...candidates: readonly string[]): string {
  return firstTimeZone(...candidates).toLowerCase();
}

/** The calendar day of an instant in a time zone; undefined outside the years 1 to 9999. */
export function toLocalDate(zone: string, instant: Instant): CivilDate | undefined {
  try {
    return localDateOf(instant, zone);
  } catch (error) {
    if (error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}

/**
 * The years with reliable offsets: IANA guarantees none before 1970, and the rules after 2099 are not known.
 */
export const ZONED_FROM: Instant = instantFromText('1970-01-01T00:00:00Z');
export const ZONED_TO: Instant = instantFromText('2100-01-01T00:00:00Z');

/** The calendar day in the time zone, or in UTC outside the years with reliable offsets. */
export function toCalendarDate(instant: Instant, zone: string): CivilDate | undefined {
  return toLocalDate(instant >= ZONED_FROM && instant < ZONED_TO ? zone : 'utc', instant);
}

/** Later than every instant that a timestamp can name, and the maximum of PostgreSQL's bigint. */
const END_OF_TIME: Instant = 2n ** 63n - 1n;

export interface DayBounds {
  readonly start: Instant;
  /** Exclusive. */
  readonly end: Instant;
}

/** Returns the bounds of a calendar day by time zone; caches them. */
export function createDayBounds(date: CivilDate): (zone: string) => DayBounds {
  const known = new Map<string, DayBounds>();
  const next = addDays(date, 1);
  return (zone) => {
    const found = known.get(zone);
    if (found) {
      return found;
    }
    const bounds = {
      start: instantOfLocal(date, '00:00', zone),
      end: next === undefined ? END_OF_TIME : instantOfLocal(next, '00:00', zone),
    };
    known.set(zone, bounds);
    return bounds;
  };
}

export interface DayRange {
  readonly first: CivilDate;
  readonly last: CivilDate;
}

/**
 * Returns the days from `from` to `to` days after today, cut to the years 1 to 9999; caches the last result.
 */
export function createDayRange(from: number, to: number): (today: CivilDate) => DayRange {
  let kept: (DayRange & { readonly today: CivilDate }) | undefined;
  return (today) => {
    if (kept?.today !== today) {
      kept = { today, first: addDays(today, from) ?? '0001-01-01', last: addDays(today, to) ?? '9999-12-31' };
    }
    return kept;
  };
}
