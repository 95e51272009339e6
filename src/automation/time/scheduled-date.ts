/** scheduled_date: one occurrence for each value of an athlete's date or timestamp. */

import { addDays, type CivilDate } from '../../values/civil-date.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { localDateOf, localTimeOf } from '../../values/zoned.ts';
import { type DateValue, type Occurrence, type Occurrences, plannedAt } from './occurrence.ts';
import type { ScheduledDateSchedule } from './time-schedule.ts';

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
