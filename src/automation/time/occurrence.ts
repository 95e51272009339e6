/** A time at which a trigger fires, and the series of them. */
import type { Instant } from '../../instant.ts';
import { type CivilDate, type CivilTime, yearOf } from './civil-date.ts';
import { instantOfLocal } from './zoned.ts';

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

/** Beyond it an instant can be in another year than any calendar has. */
const LAST_YEAR = 9_998;

/** When a day's occurrence is planned; undefined outside the years 2 to 9998. */
export function plannedAt(date: CivilDate | undefined, at: CivilTime, zone: string): Instant | undefined {
  const isWithin = date !== undefined && yearOf(date) >= 2 && yearOf(date) <= LAST_YEAR;
  return isWithin ? instantOfLocal(date, at, zone) : undefined;
}
