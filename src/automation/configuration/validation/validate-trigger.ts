/** Validates triggers: the single check before a trigger is stored or activated. */
import type { Limits } from '../../../config/config.ts';
import { type FieldViolation, invalidFields } from '../../../errors/domain-error.ts';
import { createFieldCatalogue } from '../../../filters/field-catalogue.ts';
import type { FieldCatalogue, FilterGroup } from '../../../filters/filter.ts';
import { validateFilter } from '../../../filters/validate-filter.ts';
import type { TriggerInput } from '../../../gen/automation/v1/trigger_pb.ts';
import type { AccountTypes } from '../../event-types/account-types.ts';
import { CATEGORIES, type EventType } from '../../event-types/event-type.ts';
import {
  draftOfInput,
  inputFaults,
  readStoredTrigger,
  type StoredTrigger,
  type TriggerDraft,
} from '../trigger-draft.ts';
import { requireNone } from './field-checks.ts';
import { validateSettings } from './validate-settings.ts';

/** The request as a draft, and every violation, with its path below `path`. */
export function readTriggerInput(
  input: TriggerInput,
  types: AccountTypes,
  limits: Limits,
  path: string,
): { draft: TriggerDraft; violations: FieldViolation[] } {
  const draft = draftOfInput(input, types);
  const violations = [...validateTrigger(draft, types, limits, path), ...inputFaults(input, path)];
  return { draft, violations };
}

/** The request as a valid draft; throws VALIDATION_FAILED with every violation. */
export function readRequiredTrigger(
  input: TriggerInput | undefined,
  types: AccountTypes,
  limits: Limits,
  path: string,
): TriggerDraft {
  if (!input) {
    throw invalidFields([{ field: path, description: 'is required' }]);
  }
  const { draft, violations } = readTriggerInput(input, types, limits, path);
  requireNone(violations);
  return draft;
}

/** A stored trigger as a draft that is still valid today; throws VALIDATION_FAILED as above. */
export function readRecordedTrigger(
  recorded: StoredTrigger,
  types: AccountTypes,
  limits: Limits,
  path: string,
): TriggerDraft {
  const draft = readStoredTrigger(recorded);
  requireNone(validateTrigger(draft, types, limits, path));
  return draft;
}

/** Every violation, with its path below `path`; empty when the draft is valid. */
export function validateTrigger(
  { triggerType, triggerEvent, filter, settings }: TriggerDraft,
  types: AccountTypes,
  limits: Limits,
  path: string,
): FieldViolation[] {
  const eventType = types.eventType(triggerEvent);
  return [
    ...validateType(triggerType, eventType, `${path}.trigger_type`),
    ...validateEvent(triggerEvent, eventType, `${path}.trigger_event`),
    ...filterFaults(filter, eventType && types.fieldCatalogue(eventType), limits, `${path}.filter`),
    ...validateSettings(settings, eventType, types, limits, `${path}.settings`),
  ];
}

const NO_FIELDS = createFieldCatalogue({ event: [], carriesDiff: true, athlete: [], account: [] });

/** Without a known event the fields are unknown; the rest of the filter is still checked. */
export function filterFaults(
  filter: FilterGroup,
  catalogue: FieldCatalogue | undefined,
  limits: Limits,
  path: string,
): FieldViolation[] {
  const faults = validateFilter(filter, catalogue ?? NO_FIELDS, path, limits);
  return catalogue ? faults : faults.filter(({ field }) => !field.endsWith('.field'));
}

function validateType(
  triggerType: string,
  eventType: EventType | undefined,
  field: string,
): FieldViolation[] {
  const isCategory = CATEGORIES.some((category) => category === triggerType);
  if (!isCategory && (triggerType !== '' || eventType)) {
    return [{ field, description: `Invalid trigger type; it is one of ${CATEGORIES.join(', ')}` }];
  }
  if (eventType && eventType.category !== triggerType) {
    const { name, category } = eventType;
    return [{ field, description: `Invalid trigger type; ${name} is of the type ${category}` }];
  }
  return [];
}

function validateEvent(
  triggerEvent: string,
  eventType: EventType | undefined,
  field: string,
): FieldViolation[] {
  if (eventType) {
    return [];
  }
  const description =
    triggerEvent === '' ? 'is required' : 'Unknown trigger event; ListEventTypes has them all';
  return [{ field, description }];
}
