/** What a trigger may be: the one gate before everything that stores one, and before everything that starts one. */
import type { Limits } from '../../../config.ts';
import type { FieldViolation } from '../../../domain-error.ts';
import type { TriggerInput } from '../../../gen/automation/v1/trigger_pb.ts';
import type { AccountTypes } from '../../event-types/account-types.ts';
import { CATEGORIES, type EventType } from '../../event-types/event-type.ts';
import { validateFilter } from '../../filters/validate-filter.ts';
import { draftOfInput, inputFaults, type TriggerDraft } from '../trigger-draft.ts';
import { validateSettings } from './validate-settings.ts';

/** The input as a draft, and everything that is wrong with it, with its path below `path`. */
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

/** Every fault, with its path below `path`; empty: it may be stored. */
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
    // Without an event nobody knows which fields there are.
    ...(eventType ? validateFilter(filter, types.fieldCatalogue(eventType), `${path}.filter`, limits) : []),
    ...validateSettings(settings, eventType, types, limits, `${path}.settings`),
  ];
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
