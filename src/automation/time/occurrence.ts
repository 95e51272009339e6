/** Occurrences: the times at which a trigger fires for an athlete. */

import type { CivilDate, CivilTime } from '../../values/civil-date.ts';
import type { Instant } from '../../values/instant.ts';
import { instantOfLocal } from '../../values/zoned.ts';

/** Unique for a trigger, an athlete and a key. */
export interface Occurrence {
  /** Identifies the occurrence in its series, whatever happens to zones and times of day. */
  readonly key: string;
  readonly plannedAt: Instant;
  /** The day in the athlete's zone, without the offset in days. */
  readonly date: CivilDate;
  /** The number of years since the first day; undefined for series that are not yearly. */
  readonly years: number | undefined;
}

/** The occurrences of one trigger for one athlete, in order of time. */
export interface Occurrences {
  /** The first one that is planned after the instant; undefined when there is none. */
  next(after: Instant): Occurrence | undefined;
  /** The one with the key; undefined when the athlete no longer has it. */
  ofKey(key: string): Occurrence | undefined;
}

/** The value of an athlete's date or timestamp field. */
export type DateValue =
  | { readonly kind: 'date'; readonly date: CivilDate }
  | { readonly kind: 'timestamp'; readonly instant: Instant };

/**
 * 0002-01-01 and 9999-01-01: outside of them, an instant can fall into a year that some zone's calendar
 * lacks.
 */
const FIRST: Instant = -62_104_060_800_000_000n;
const END: Instant = 253_370_764_800_000_000n;

/** Whether the instant's day, with a margin, exists in every zone's calendar. */
export function isOnCalendars(instant: Instant): boolean {
  return instant >= FIRST && instant < END;
}

/** When a day's occurrence is planned; undefined at the ends of the calendar and beyond. */
export function plannedAt(date: CivilDate | undefined, at: CivilTime, zone: string): Instant | undefined {
  if (date === undefined) {
    return undefined;
  }
  const instant = instantOfLocal(date, at, zone);
  return isOnCalendars(instant) ? instant : undefined;
}
