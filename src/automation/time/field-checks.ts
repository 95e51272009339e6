/** Checks of single fields of time settings; each returns no violation or one. */
import type { FieldViolation } from '../../errors/domain-error.ts';
import { isCivilDate, isHourAndMinute } from '../../values/civil-date.ts';
import { isTimeZone } from '../../values/zoned.ts';

export function checkTimeZone(text: string, field: string): FieldViolation[] {
  return violationUnless(isTimeZone(text), field, 'must be an IANA time zone, such as Europe/Berlin');
}

export function checkTimeOfDay(text: string, field: string): FieldViolation[] {
  return violationUnless(isHourAndMinute(text), field, 'must be a time of day from 00:00 to 23:59');
}

export function checkDay(text: string, field: string): FieldViolation[] {
  return violationUnless(isCivilDate(text), field, 'must be a day of the calendar, such as 2026-12-25');
}

/** Both bounds are inclusive. */
export function checkNumber(value: number, least: number, most: number, field: string): FieldViolation[] {
  const range = `${least.toLocaleString('en')} to ${most.toLocaleString('en')}`;
  return violationUnless(value >= least && value <= most, field, `must be ${range}`);
}

export function violationUnless(isRight: boolean, field: string, description: string): FieldViolation[] {
  return isRight ? [] : [{ field, description }];
}
