/** anniversary: every year on the day and month of a date of the athlete, from a number of years on. */
import type { DateValue, Occurrences } from './occurrence.ts';
import type { AnniversarySchedule } from './time-schedule.ts';
import { createYearlyOccurrences } from './yearly.ts';
import { localDateOf } from './zoned.ts';

/** Of a timestamp it is the day in the athlete's zone. */
export function createAnniversaries(
  schedule: AnniversarySchedule,
  value: DateValue,
  zone: string,
): Occurrences {
  const { at, offsetDays, feb29, minYears } = schedule;
  const first = value.kind === 'date' ? value.date : localDateOf(value.instant, zone);
  return createYearlyOccurrences({ first, minYears, at, offsetDays, feb29 }, zone);
}
