/** What business hours may say, so that each calendar that is stored opens one day. */
import type { Limits } from '../../config.ts';
import type { FieldViolation } from '../../domain-error.ts';
import type { BusinessHours, OpenInterval } from '../../gen/automation/v1/trigger_pb.ts';
import { isHourAndMinute } from './civil-date.ts';
import { checkDay, checkNumber, checkTimeOfDay, checkTimeZone, violationUnless } from './field-checks.ts';

/** Every fault, with its path below `field`, such as `settings.business_hours`. */
export function validateBusinessHours(
  calendar: BusinessHours,
  limits: Limits,
  field: string,
): FieldViolation[] {
  const { timeZone, intervals, holidays } = calendar;
  return [
    ...checkTimeZone(timeZone, `${field}.time_zone`),
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
      'must be a time of day from 00:00 to 24:00',
    ),
  ];
}

function checkLength(list: readonly unknown[], most: number, field: string): FieldViolation[] {
  return violationUnless(list.length <= most, field, `must have at most ${most.toLocaleString('en')}`);
}
