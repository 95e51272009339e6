/** Days and instants in an athlete's zone. */

import { addDays, type CivilDate } from '../values/civil-date.ts';
import { type Instant, instantFromText } from '../values/instant.ts';
import { firstTimeZone, instantOfLocal, localDateOf } from '../values/zoned.ts';

/** The first that is a zone, else UTC. In one spelling, so that what is kept by zone is kept but once. */
export function toCanonicalZone(...candidates: readonly string[]): string {
  return firstTimeZone(...candidates).toLowerCase();
}

/** The day on a calendar in the zone; undefined outside the years 1 to 9999. */
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

/** The years of which zones are known: IANA vouches for none before 1970, and nobody for what clocks do after 2099. */
export const ZONED_FROM: Instant = instantFromText('1970-01-01T00:00:00Z');
export const ZONED_TO: Instant = instantFromText('2100-01-01T00:00:00Z');

/** The day in the zone, or, outside the years of which zones are known, in UTC. */
export function toCalendarDate(instant: Instant, zone: string): CivilDate | undefined {
  return toLocalDate(instant >= ZONED_FROM && instant < ZONED_TO ? zone : 'utc', instant);
}

/** Later than every instant that a text can name, and the latest that PostgreSQL's bigint holds. */
const END_OF_TIME: Instant = 2n ** 63n - 1n;

export interface DayBounds {
  readonly start: Instant;
  /** No part of the day. */
  readonly end: Instant;
}

/** When the day begins and ends, by zone. */
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

/** The days from one distance to another, cut to the years 1 to 9999; keeps those of the day that was asked last. */
export function createDayRange(from: number, to: number): (today: CivilDate) => DayRange {
  let kept: (DayRange & { readonly today: CivilDate }) | undefined;
  return (today) => {
    if (kept?.today !== today) {
      kept = { today, first: addDays(today, from) ?? '0001-01-01', last: addDays(today, to) ?? '9999-12-31' };
    }
    return kept;
  };
}
