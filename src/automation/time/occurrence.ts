/** Occurrences: the times at which a birthday, an anniversary or a scheduled_date fires for an athlete. */
import { addDays, type CivilDate, type CivilTime, isLeapYear, yearOf } from '../../values/civil-date.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { instantOfLocal, localDateOf, localTimeOf } from '../../values/zoned.ts';
import type { AnniversarySchedule, BirthdaySchedule, Feb29, ScheduledDateSchedule } from './time-schedule.ts';

/** Unique for a trigger, an athlete and a key. */
export interface Occurrence {
  /** Identifies the occurrence in its series, whatever happens to zones and times of day. */
  readonly key: string;
  readonly plannedAt: Instant;
  /** The day in the athlete's zone, without the offset in days; undefined for a pause without a session before it. */
  readonly date: CivilDate | undefined;
  /** The number of years since the first day; undefined for series that are not yearly. */
  readonly years: number | undefined;
}

/** The occurrences of one trigger for one athlete, in order of time. */
export interface Occurrences {
  /** The first one that is planned after the instant; undefined when there is none. */
  next(after: Instant): Occurrence | undefined;
  /** The series changes without an edit of the athlete: what it planned since the cursor's time still fires. */
  readonly catchesUp?: true;
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
function plannedAt(date: CivilDate | undefined, at: CivilTime, zone: string): Instant | undefined {
  if (date === undefined) {
    return undefined;
  }
  const instant = instantOfLocal(date, at, zone);
  return isOnCalendars(instant) ? instant : undefined;
}

export interface YearlyDay {
  readonly first: CivilDate;
  /** The first year that counts, in years after the first. */
  readonly minYears: number;
  readonly at: CivilTime;
  /** From the day to its occurrence, up to a leap year in either direction. */
  readonly offsetDays: number;
  readonly feb29: Feb29;
}

/**
 * An offset can move an occurrence into the year before or after that of its day, and the zone by one more
 * day.
 */
const YEARS_BACK = 2;

/** Two consecutive years with a 29 February can be 8 years apart, as 2096 and 2104. */
const YEARS_AHEAD = 10;

/** Keys are the years of the days. */
export function createYearlyOccurrences(day: YearlyDay, zone: string): Occurrences {
  const firstYear = yearOf(day.first) + day.minYears;

  const ofYear = (year: number): Occurrence | undefined => {
    const date = dateInYear(day, year);
    const planned = plannedAt(date && addDays(date, day.offsetDays), day.at, zone);
    return date === undefined || planned === undefined
      ? undefined
      : { key: keyOfYear(year), plannedAt: planned, date, years: year - yearOf(day.first) };
  };

  return {
    next(after: Instant) {
      const start = Math.max(firstYear, yearOf(localDateOf(after, zone)) - YEARS_BACK);
      for (let year = start; year <= start + YEARS_BACK + YEARS_AHEAD; year += 1) {
        const occurrence = ofYear(year);
        if (occurrence && occurrence.plannedAt > after) {
          return occurrence;
        }
      }
      return undefined;
    },
    ofKey(key) {
      const year = Number(key);
      return key === keyOfYear(year) && year >= firstYear ? ofYear(year) : undefined;
    },
  };
}

function keyOfYear(year: number): string {
  return `${year}`.padStart(4, '0');
}

/** The day in the year; undefined when the year has none. */
function dateInYear({ first, feb29 }: YearlyDay, year: number): CivilDate | undefined {
  const monthAndDay = first.slice(4);
  if (year > 9_999) {
    return undefined;
  }
  if (monthAndDay !== '-02-29' || isLeapYear(year)) {
    return `${keyOfYear(year)}${monthAndDay}`;
  }
  switch (feb29) {
    case 'FEB28':
      return `${keyOfYear(year)}-02-28`;
    case 'MAR1':
      return `${keyOfYear(year)}-03-01`;
    case 'SKIP':
      return undefined;
  }
}

export function createBirthdays(schedule: BirthdaySchedule, bornOn: CivilDate, zone: string): Occurrences {
  const { at, offsetDays, feb29 } = schedule;
  return createYearlyOccurrences({ first: bornOn, minYears: 1, at, offsetDays, feb29 }, zone);
}

/** The day of a timestamp in the athlete's zone. */
export function createAnniversaries(
  schedule: AnniversarySchedule,
  value: DateValue,
  zone: string,
): Occurrences {
  const { at, offsetDays, feb29, minYears } = schedule;
  const first = value.kind === 'date' ? value.date : localDateOf(value.instant, zone);
  return createYearlyOccurrences({ first, minYears, at, offsetDays, feb29 }, zone);
}

/**
 * The key is the field's value: a date as it is, a timestamp in UTC, so that it is the same in every zone.
 */
export function createScheduledDate(
  schedule: ScheduledDateSchedule,
  value: DateValue,
  zone: string,
): Occurrences {
  const occurrence = occurrenceOf(schedule, value, zone);
  return {
    next: (after) => (occurrence && occurrence.plannedAt > after ? occurrence : undefined),
    ofKey: (key) => (occurrence?.key === key ? occurrence : undefined),
  };
}

function occurrenceOf(
  schedule: ScheduledDateSchedule,
  value: DateValue,
  zone: string,
): Occurrence | undefined {
  const date = value.kind === 'date' ? value.date : localDateOf(value.instant, zone);
  const planned = plannedFor(schedule, value, date, zone);
  if (planned === undefined) {
    return undefined;
  }
  const key = value.kind === 'date' ? value.date : instantToText(value.instant);
  return { key, plannedAt: planned, date, years: undefined };
}

function plannedFor(
  { at, offsetDays }: ScheduledDateSchedule,
  value: DateValue,
  date: CivilDate,
  zone: string,
): Instant | undefined {
  const day = addDays(date, offsetDays);
  if (at !== undefined) {
    return plannedAt(day, at, zone);
  }
  if (value.kind === 'date') {
    return undefined;
  }
  // On its own day a timestamp is its own occurrence, also in a DST overlap.
  return offsetDays === 0 ? value.instant : plannedAt(day, localTimeOf(value.instant, zone), zone);
}
