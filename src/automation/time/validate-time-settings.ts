/** Validates the schedule of a time trigger. */
import { shown } from '../../calls/shown-text.ts';
import type { FieldViolation } from '../../errors/domain-error.ts';
import {
  type AnniversarySchedule,
  type BirthdaySchedule,
  Feb29,
  type RecurringSchedule,
  type RecurringSchedule_Interval,
  type ScheduledDate,
  type TimeSettings,
} from '../../gen/automation/v1/trigger_pb.ts';
import { isCivilDate } from '../../values/civil-date.ts';
import {
  checkNumber,
  checkTimeOfDay,
  checkTimeZone,
  violationUnless,
} from '../configuration/validation/field-checks.ts';
import { createCronTicks } from './recurring.ts';

/**
 * The type of an athlete's field, such as `date` for `custom.joined_on`; undefined when the field does not
 * exist.
 */
export type AthleteFieldType = (path: string) => string | undefined;

const MOST_YEARLY_OFFSET_DAYS = 366;
const MOST_OFFSET_DAYS = 3_660;
const MOST_YEARS = 200;
const MOST_DAYS = 366;
const MOST_WEEKS = 52;

const EVENTS = {
  birthday: 'birthday',
  anniversary: 'anniversary',
  scheduledDate: 'scheduled_date',
  recurringSchedule: 'recurring_schedule',
  athleteInactive: 'athlete_inactive',
} as const;

/**
 * Every violation of the schedule for the event (`birthday`, `anniversary`, `scheduled_date`,
 * `recurring_schedule`, `athlete_inactive`), with its path below `field`, such as `settings.time`.
 */
export function validateTimeSettings(
  settings: TimeSettings | undefined,
  event: string,
  field: string,
  typeOf: AthleteFieldType,
): FieldViolation[] {
  const schedule = settings?.schedule;
  if (!schedule?.case || EVENTS[schedule.case] !== event) {
    return [{ field, description: `must have ${event}, as that is the trigger's event` }];
  }
  const path = `${field}.${event}`;
  switch (schedule.case) {
    case 'birthday':
      return validateBirthday(schedule.value, path);
    case 'anniversary':
      return validateAnniversary(schedule.value, path, typeOf);
    case 'scheduledDate':
      return validateScheduledDate(schedule.value, path, typeOf);
    case 'recurringSchedule':
      return validateRecurring(schedule.value, path);
    case 'athleteInactive':
      return checkNumber(schedule.value.days, 1, MOST_DAYS, `${path}.days`);
  }
}

function validateBirthday({ at, offsetDays, feb29 }: BirthdaySchedule, path: string): FieldViolation[] {
  return [
    ...checkTimeOfDay(at, `${path}.at`),
    ...checkNumber(offsetDays, -MOST_YEARLY_OFFSET_DAYS, MOST_YEARLY_OFFSET_DAYS, `${path}.offset_days`),
    ...checkFeb29(feb29, `${path}.feb29`),
  ];
}

function validateAnniversary(
  { field, at, offsetDays, feb29, minYears }: AnniversarySchedule,
  path: string,
  typeOf: AthleteFieldType,
): FieldViolation[] {
  return [
    ...checkDateField(typeOf(field), `${path}.field`),
    ...checkTimeOfDay(at, `${path}.at`),
    ...checkNumber(offsetDays, -MOST_YEARLY_OFFSET_DAYS, MOST_YEARLY_OFFSET_DAYS, `${path}.offset_days`),
    ...checkFeb29(feb29, `${path}.feb29`),
    ...checkNumber(minYears, 0, MOST_YEARS, `${path}.min_years`),
  ];
}

/** A timestamp has its own time of day. */
function validateScheduledDate(
  { field, offsetDays, at }: ScheduledDate,
  path: string,
  typeOf: AthleteFieldType,
): FieldViolation[] {
  const needsTime = at !== '' || typeOf(field) !== 'timestamp';
  return [
    ...checkDateField(typeOf(field), `${path}.field`),
    ...checkNumber(offsetDays, -MOST_OFFSET_DAYS, MOST_OFFSET_DAYS, `${path}.offset_days`),
    ...(needsTime ? checkTimeOfDay(at, `${path}.at`) : []),
  ];
}

function validateRecurring({ timeZone, recurrence }: RecurringSchedule, path: string): FieldViolation[] {
  const violations = checkTimeZone(timeZone, `${path}.time_zone`);
  switch (recurrence.case) {
    case 'cron':
      return [...violations, ...checkCron(recurrence.value, `${path}.cron`)];
    case 'every':
      return [...violations, ...validateInterval(recurrence.value, `${path}.every`)];
    default:
      return [...violations, { field: path, description: 'must have cron or every' }];
  }
}

function validateInterval(interval: RecurringSchedule_Interval, path: string): FieldViolation[] {
  const { days, weeks, at, startingOn } = interval;
  const isPresent = isCivilDate(startingOn) && startingOn >= '1970' && startingOn < '3000';
  return [
    ...violationUnless((days === 0) !== (weeks === 0), path, 'must have either days or weeks'),
    ...checkNumber(days, 0, MOST_DAYS, `${path}.days`),
    ...checkNumber(weeks, 0, MOST_WEEKS, `${path}.weeks`),
    ...checkTimeOfDay(at, `${path}.at`),
    ...violationUnless(
      isPresent,
      `${path}.starting_on`,
      `must be a day of the years 1970 to 2999, such as 2026-01-05; was ${shown(startingOn)}`,
    ),
  ];
}

function checkCron(text: string, field: string): FieldViolation[] {
  try {
    createCronTicks(text);
    return [];
  } catch (error) {
    if (error instanceof TypeError) {
      return [{ field, description: error.message }];
    }
    throw error;
  }
}

function checkDateField(type: string | undefined, field: string): FieldViolation[] {
  return violationUnless(
    type === 'date' || type === 'timestamp',
    field,
    'must be a date or timestamp of the athlete, such as athlete.created_at',
  );
}

function checkFeb29(value: Feb29, field: string): FieldViolation[] {
  const known: readonly Feb29[] = Object.values(Feb29);
  return violationUnless(known.includes(value), field, 'must be FEB29_FEB28, FEB29_MAR1 or FEB29_SKIP');
}
