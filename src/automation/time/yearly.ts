/** Yearly occurrences: birthdays and anniversaries. */

import { addDays, type CivilDate, type CivilTime, isLeapYear, yearOf } from '../../values/civil-date.ts';
import type { Instant } from '../../values/instant.ts';
import { localDateOf } from '../../values/zoned.ts';
import { type DateValue, type Occurrence, type Occurrences, plannedAt } from './occurrence.ts';
import type { AnniversarySchedule, BirthdaySchedule, Feb29 } from './time-schedule.ts';

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
