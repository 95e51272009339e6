/** The occurrences of a schedule that goes by a date of the athlete. */

import { createAnniversaries } from './anniversary.ts';
import { createBirthdays } from './birthday.ts';
import { type DateValue, isOnCalendars, type Occurrences } from './occurrence.ts';
import { createScheduledDate } from './scheduled-date.ts';
import type { AthleteSchedule } from './time-schedule.ts';

/**
 * `value` is what the schedule's field holds, for a birthday the day of birth; `zone` is where the athlete lives.
 * There are none for a timestamp at the ends of the calendar, and no birthdays for any.
 */
export function createOccurrences(schedule: AthleteSchedule, value: DateValue, zone: string): Occurrences {
  if (value.kind === 'timestamp' && !isOnCalendars(value.instant)) {
    return NO_OCCURRENCES;
  }
  switch (schedule.kind) {
    case 'birthday':
      return value.kind === 'date' ? createBirthdays(schedule, value.date, zone) : NO_OCCURRENCES;
    case 'anniversary':
      return createAnniversaries(schedule, value, zone);
    case 'scheduled_date':
      return createScheduledDate(schedule, value, zone);
  }
}

const NO_OCCURRENCES: Occurrences = { next: () => undefined, ofKey: () => undefined };
