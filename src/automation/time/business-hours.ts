/** The hours of the week in which enrollments may start, as instants. */
import type { BusinessHours } from '../../gen/automation/v1/trigger_pb.ts';
import type { Instant } from '../../instant.ts';
import { addDays, type CivilDate, weekdayOf } from './civil-date.ts';
import { instantOfLocal, localDateOf } from './zoned.ts';

/** A span of time; `closesAt` is no part of it. */
interface Opening {
  readonly opensAt: Instant;
  readonly closesAt: Instant;
}

/** Whether it is open then. The calendar is one that `validateBusinessHours` has found no fault with. */
export function isOpen(calendar: BusinessHours, instant: Instant): boolean {
  const today = localDateOf(instant, calendar.timeZone);
  // What opened before a day that the zone skips closes two days later.
  return [-2, -1, 0]
    .flatMap((days) => openingsOn(calendar, addDays(today, days)))
    .some(({ opensAt, closesAt }) => opensAt <= instant && instant < closesAt);
}

/**
 * The instant itself while it is open, else the next at which something opens. Every calendar with an interval
 * comes to one, as holidays are a list that ends.
 */
export function nextOpening(calendar: BusinessHours, instant: Instant): Instant {
  if (isOpen(calendar, instant)) {
    return instant;
  }
  const opensAfter = (date: CivilDate | undefined) =>
    openingsOn(calendar, date)
      .map(({ opensAt }) => opensAt)
      .filter((opensAt) => opensAt > instant);
  const yesterday = addDays(localDateOf(instant, calendar.timeZone), -1);
  for (let date = yesterday; date !== undefined; date = addDays(date, 1)) {
    const ofDay = opensAfter(date);
    // What a gap moves on can open after what opens on the next day.
    const [first] = ofDay.length > 0 ? [...ofDay, ...opensAfter(addDays(date, 1))].sort(inOrder) : [];
    if (first !== undefined) {
      return first;
    }
  }
  throw new TypeError('The calendar never opens');
}

/** What opens on the day: what clocks skip is moved on by the gap, and what they show twice counts the first time. */
function openingsOn(
  { timeZone, intervals, holidays }: BusinessHours,
  date: CivilDate | undefined,
): Opening[] {
  if (date === undefined || holidays.includes(date)) {
    return [];
  }
  const weekday = weekdayOf(date);
  return intervals
    .filter((interval) => interval.weekday === weekday)
    .map(({ opens, closes }) => ({
      opensAt: instantOfLocal(date, opens, timeZone),
      closesAt: closingOn(date, opens, closes, timeZone),
    }))
    .filter(({ opensAt, closesAt }) => opensAt < closesAt);
}

/** On the same day, or on the next when it is not later on the clock; 24:00 is the next day's midnight. */
function closingOn(date: CivilDate, opens: string, closes: string, zone: string): Instant {
  if (closes > opens && closes !== MIDNIGHT) {
    return instantOfLocal(date, closes, zone);
  }
  return instantOfLocal(addDays(date, 1) ?? date, closes === MIDNIGHT ? '00:00' : closes, zone);
}

function inOrder(one: Instant, other: Instant): number {
  return one < other ? -1 : 1;
}

const MIDNIGHT = '24:00';
