/** Validates a trigger's settings: enrollment policy, times, and the event's configuration. */
import type { Limits } from '../../../config/config.ts';
import type { FieldViolation } from '../../../errors/domain-error.ts';
import { isProblems, readCondition } from '../../../filters/read-condition.ts';
import {
  type EnrollmentCap,
  type EnrollmentLimit,
  EnrollmentPolicySchema,
  type TriggerSettings,
} from '../../../gen/automation/v1/trigger_pb.ts';
import type { AccountTypes } from '../../event-types/account-types.ts';
import type { EventType } from '../../event-types/event-type.ts';
import { validateBusinessHours } from '../../time/business-hours.ts';
import { validateTimeSettings } from '../../time/validate-time-settings.ts';
import { checkEnum, checkNumber, checkSpan, checkWord, violationUnless } from './field-checks.ts';

type Configuration = Readonly<Record<string, string>>;

/** Every violation, with paths such as `settings.configuration["tag"]`. */
function validateConfiguration(
  configuration: Configuration,
  eventType: EventType,
  types: AccountTypes,
  limits: Limits,
  path: string,
): FieldViolation[] {
  const { requiredConfiguration: required } = eventType;
  const unknown = Object.keys(configuration).filter((key) => !required.includes(key));
  return [
    ...required.flatMap((key) => {
      const field = `${path}.configuration["${key}"]`;
      return Object.hasOwn(configuration, key)
        ? validateEntry(key, `${configuration[key]}`, eventType, types, limits, field)
        : [{ field, description: `is required: ${eventType.name} goes by it` }];
    }),
    ...unknown.map((key) => ({
      field: isName(key) ? `${path}.configuration["${key}"]` : `${path}.configuration`,
      description: `is not allowed: ${eventType.name} takes ${required.join(', ') || 'none'}`,
    })),
  ];
}

/** Whether a name may be repeated in an error message. */
function isName(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,64}$/.test(text);
}

/** The value acts as a condition on the event's field, so it must form a valid one. */
function validateEntry(
  key: string,
  value: string,
  eventType: EventType,
  types: AccountTypes,
  limits: Limits,
  field: string,
): FieldViolation[] {
  const faults = checkWord(value, limits.filterStringLength, field);
  if (faults.length > 0) {
    return faults;
  }
  const read = readCondition({ field: key, operator: 'equals', value }, types.fieldCatalogue(eventType));
  if (isProblems(read)) {
    return read.map(({ description }) => ({ field, description }));
  }
  const isKnown = eventType.name !== 'custom_field_changed' || isAttribute(value, types);
  return isKnown ? [] : [{ field, description: 'must be a field that the account defined under custom.' }];
}

function isAttribute(name: string, { fields }: AccountTypes): boolean {
  return fields.some(({ path }) => path === `custom.${name}`);
}

const HIGHEST_PRIORITY = 9;
const MINUTE_S = 60;

/**
 * Every violation, with its path below `path`. Without a known event, only checks that do not depend on it.
 */
export function validateSettings(
  settings: TriggerSettings,
  eventType: EventType | undefined,
  types: AccountTypes,
  limits: Limits,
  path: string,
): FieldViolation[] {
  const { policy, cooldown, limit, cap, priority, businessHours, quietHours } = settings;
  const span = { leastS: 1, mostDays: limits.longestSpanDays };
  return [
    ...(eventType ? validateConfiguration(settings.configuration, eventType, types, limits, path) : []),
    ...checkEnum(EnrollmentPolicySchema, policy, `${path}.policy`),
    ...(cooldown ? checkSpan(cooldown, span, `${path}.cooldown`) : []),
    ...(limit ? validateLimit(limit, limits, `${path}.limit`) : []),
    ...(cap ? validateCap(cap, limits, `${path}.cap`) : []),
    ...checkNumber(priority, 0, HIGHEST_PRIORITY, `${path}.priority`),
    ...(businessHours ? validateBusinessHours(businessHours, limits, `${path}.business_hours`) : []),
    ...violationUnless(
      !quietHours || businessHours !== undefined,
      `${path}.quiet_hours`,
      'requires business_hours',
    ),
    ...(eventType ? validateTime(settings, eventType, types, `${path}.time`) : []),
  ];
}

function validateLimit({ count, window }: EnrollmentLimit, limits: Limits, path: string): FieldViolation[] {
  const span = { leastS: 1, mostDays: limits.longestSpanDays };
  return [
    ...checkNumber(count, 1, limits.limitedEnrollments, `${path}.count`),
    ...(window ? checkSpan(window, span, `${path}.window`) : [isRequired(`${path}.window`)]),
  ];
}

function validateCap({ name, count, window }: EnrollmentCap, limits: Limits, path: string): FieldViolation[] {
  const span = { leastS: MINUTE_S, mostDays: limits.longestSpanDays };
  return [
    ...(name === '' ? [] : checkWord(name, limits.capNameCharacters, `${path}.name`)),
    ...checkNumber(count, 1, limits.cappedEnrollments, `${path}.count`),
    ...(window ? checkSpan(window, span, `${path}.window`) : [isRequired(`${path}.window`)]),
    // Windows are counted in whole seconds.
    ...violationUnless(!window?.nanos, `${path}.window`, 'must be whole seconds'),
  ];
}

function isRequired(field: string): FieldViolation {
  return { field, description: 'is required' };
}

const INACTIVE = 'athlete_inactive';

function validateTime(
  { time }: TriggerSettings,
  eventType: EventType,
  types: AccountTypes,
  path: string,
): FieldViolation[] {
  // Without a schedule, the trigger waits for published events.
  const isPublished = eventType.name === INACTIVE && time === undefined;
  if (isPublished) {
    return [];
  }
  if (eventType.category !== 'time' && eventType.name !== INACTIVE) {
    return violationUnless(time === undefined, path, `must be absent: ${eventType.name} is no event of time`);
  }
  const catalogue = types.fieldCatalogue(eventType);
  // A name without a prefix could mean the event's own field.
  return validateTimeSettings(time, eventType.name, path, (name) =>
    /^(athlete|custom)\./.test(name) ? catalogue.resolve(name)?.type : undefined,
  );
}
