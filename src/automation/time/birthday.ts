/** birthday: every year after that of birth, at a time of day where the athlete lives. */
import type { CivilDate } from './civil-date.ts';
import type { Occurrences } from './occurrence.ts';
import type { BirthdaySchedule } from './time-schedule.ts';
import { createYearlyOccurrences } from './yearly.ts';

export function createBirthdays(schedule: BirthdaySchedule, bornOn: CivilDate, zone: string): Occurrences {
  const { at, offsetDays, feb29 } = schedule;
  return createYearlyOccurrences({ first: bornOn, minYears: 1, at, offsetDays, feb29 }, zone);
}
