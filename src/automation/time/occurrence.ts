/** A time at which a trigger fires, and the series of them. */

import type { CivilDate, CivilTime } from '../../values/civil-date.ts';
import type { Instant } from '../../values/instant.ts';
import { instantOfLocal } from '../../values/zoned.ts';

/** Once for a trigger, an athlete and a key. */
export interface Occurrence {
  /** What tells it from others of the series, whatever becomes of zones and times of day. */
  readonly key: string;
  readonly plannedAt: Instant;
  /** The day that it is about, in the athlete's zone: without the offset in days. */
  readonly date: CivilDate;
  /** How many years since the first day; undefined for what does not come every year. */
  readonly years: number | undefined;
}

/** The occurrences of one trigger for one athlete, in order of time. */
export interface Occurrences {
  /** The first that is planned after the instant; undefined: there is none any more. */
  next(after: Instant): Occurrence | undefined;
  /** The one with the key; undefined: the athlete has no such occurrence any more. */
  ofKey(key: string): Occurrence | undefined;
}

/** A day or a time that an athlete's field holds. */
export type DateValue =
  | { readonly kind: 'date'; readonly date: CivilDate }
  | { readonly kind: 'timestamp'; readonly instant: Instant };

/** 0002-01-01 and 9999-01-01: outside them an instant can be in a year that some zone's calendar lacks. */
const FIRST: Instant = -62_104_060_800_000_000n;
const END: Instant = 253_370_764_800_000_000n;

/** Whether every zone's calendar has the day of the instant, a little before and after included. */
export function isOnCalendars(instant: Instant): boolean {
  return instant >= FIRST && instant < END;
}

/** When a day's occurrence is planned; undefined for days at the ends of the calendar, or beyond. */
export function plannedAt(date: CivilDate | undefined, at: CivilTime, zone: string): Instant | undefined {
  if (date === undefined) {
    return undefined;
  }
  const instant = instantOfLocal(date, at, zone);
  return isOnCalendars(instant) ? instant : undefined;
}
