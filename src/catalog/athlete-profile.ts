/** What an athlete's time zone and birth date may be, beyond their spelling. */
import { type FieldViolation, invalidFields } from '../domain-error.ts';
import { type Instant, instantToText } from '../instant.ts';

/** Both as they came in: empty or undefined where there is nothing to check. */
export interface AthleteProfile {
  readonly timeZone?: string | undefined;
  readonly birthDate?: string | undefined;
}

/**
 * VALIDATION_FAILED unless the zone is one of IANA's and the birth date is a day that was, up to `now`'s in
 * UTC.
 */
export function checkProfile({ timeZone, birthDate }: AthleteProfile, now: Instant): void {
  const violations: FieldViolation[] = [];
  if (timeZone && !isTimeZone(timeZone)) {
    violations.push({ field: 'time_zone', description: 'must be an IANA time zone, such as Europe/Berlin' });
  }
  if (birthDate && !isCalendarDate(birthDate)) {
    violations.push({
      field: 'birth_date',
      description: 'must be a day of the calendar, such as 1992-02-29',
    });
  } else if (birthDate && birthDate > instantToText(now).slice(0, 10)) {
    violations.push({ field: 'birth_date', description: 'must not be in the future' });
  }
  if (violations.length > 0) {
    throw invalidFields(violations);
  }
}

/** Offsets such as +02:00 are accepted by Intl, but are no zones: they know no daylight saving. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) {
    return false;
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Date rolls 1993-02-29 over to March, and has a year 0 that calendars lack. */
function isCalendarDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) && !text.startsWith('0000');
}
