/** Business hours: the weekly intervals in which runs may start, as instants, and their validation. */

import { shown } from '../../calls/shown-text.ts';
import type { Limits } from '../../config/config.ts';
import type { FieldViolation } from '../../errors/domain-error.ts';
import type { BusinessHours, OpenInterval } from '../../gen/automation/v1/trigger_pb.ts';
import { addDays, type CivilDate, isHourAndMinute, weekdayOf } from '../../values/civil-date.ts';
import type { Instant } from '../../values/instant.ts';
import { instantOfLocal, localDateOf } from '../../values/zoned.ts';
import {
  checkDay,
  checkNumber,
  checkTimeOfDay,
  checkTimeZone,
  violationUnless,
} from '../configuration/validation/field-checks.ts';

/** Business hours in a certain time zone. They have passed `validateBusinessHours`. */
export type Calendar = Pick<BusinessHours, 'timeZone' | 'intervals' | 'holidays'>;

/** The business hours for an athlete in this time zone. */
export function toCalendar(
  { timeZone, intervals, holidays, inAthletesTimeZone }: BusinessHours,
  athletesTimeZone: string,
): Calendar {
  return { intervals, holidays, timeZone: inAthletesTimeZone ? athletesTimeZone : timeZone };
}

/** A half-open interval: `closesAt` is not part of it. */
interface Opening {
  readonly opensAt: Instant;
  readonly closesAt: Instant;
}

/** Whether it is open at the instant. */
export function isOpen(calendar: Calendar, instant: Instant): boolean {
  const today = localDateOf(instant, calendar.timeZone);
  // An interval that opened before a day that the zone skips closes two days later.
  return [-2, -1, 0]
    .flatMap((days) => openingsOn(calendar, addDays(today, days)))
    .some(({ opensAt, closesAt }) => opensAt <= instant && instant < closesAt);
}

/**
 * The instant itself while it is open, else the next opening. Every calendar with an interval has one,
 * because the list of holidays is finite.
 */
export function nextOpening(calendar: Calendar, instant: Instant): Instant {
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
    // An opening that a gap shifts can come after an opening of the next day.
    const [first] = ofDay.length > 0 ? [...ofDay, ...opensAfter(addDays(date, 1))].sort(inOrder) : [];
    if (first !== undefined) {
      return first;
    }
  }
  throw new TypeError('The calendar never opens');
}

/**
 * The intervals of a day: times in a DST gap are shifted forward by the gap, times in an overlap count once,
 * the first time.
 */
function openingsOn({ timeZone, intervals, holidays }: Calendar, date: CivilDate | undefined): Opening[] {
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

/** On the same day, or on the next when it is not later on the clock; 24:00 is midnight of the next day. */
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

/** Every violation, with its path below `field`, such as `settings.business_hours`. */
export function validateBusinessHours(
  calendar: BusinessHours,
  limits: Limits,
  field: string,
): FieldViolation[] {
  const { timeZone, intervals, holidays, inAthletesTimeZone } = calendar;
  return [
    ...(inAthletesTimeZone
      ? violationUnless(timeZone === '', `${field}.time_zone`, 'must be empty with in_athletes_time_zone')
      : checkTimeZone(timeZone, `${field}.time_zone`)),
    ...violationUnless(
      intervals.length > 0,
      `${field}.intervals`,
      'must have at least one interval: without any it never opens',
    ),
    ...checkLength(intervals, limits.openIntervals, `${field}.intervals`),
    ...intervals
      .slice(0, limits.openIntervals)
      .flatMap((interval, index) => validateInterval(interval, `${field}.intervals[${index}]`)),
    ...checkLength(holidays, limits.holidays, `${field}.holidays`),
    ...holidays
      .slice(0, limits.holidays)
      .flatMap((holiday, index) => checkDay(holiday, `${field}.holidays[${index}]`)),
  ];
}

function validateInterval({ weekday, opens, closes }: OpenInterval, field: string): FieldViolation[] {
  return [
    ...checkNumber(weekday, 1, 7, `${field}.weekday`),
    ...checkTimeOfDay(opens, `${field}.opens`),
    ...violationUnless(
      isHourAndMinute(closes) || closes === '24:00',
      `${field}.closes`,
      `must be a time of day from 00:00 to 24:00; was ${shown(closes)}`,
    ),
  ];
}

function checkLength(list: readonly unknown[], most: number, field: string): FieldViolation[] {
  return violationUnless(list.length <= most, field, `must have at most ${most.toLocaleString('en')}`);
}
