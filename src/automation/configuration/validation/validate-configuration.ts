/**
 * Validates the configuration that a trigger's event type requires, such as the tag of tag_added: complete,
 * and nothing else.
 */
import type { Limits } from '../../../config/config.ts';
import type { FieldViolation } from '../../../errors/domain-error.ts';
import { isProblems, readCondition } from '../../../filters/read-condition.ts';
import type { AccountTypes } from '../../event-types/account-types.ts';
import type { EventType } from '../../event-types/event-type.ts';
import { checkWord } from './checks.ts';

type Configuration = Readonly<Record<string, string>>;

/** Every violation, with paths such as `settings.configuration["tag"]`. */
export function validateConfiguration(
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
