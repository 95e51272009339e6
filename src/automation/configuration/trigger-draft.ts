/** A trigger's configuration before it is stored: the form that is validated, compared and stored. */
import { clone, create, fromJson, type JsonObject, toJson } from '@bufbuild/protobuf';
import type { FieldViolation } from '../../errors/domain-error.ts';
import { EMPTY_FILTER, type FilterGroup, type JsonValue } from '../../filters/filter.ts';
import { readStoredFilter } from '../../filters/read-filter.ts';
import {
  type TriggerInput,
  type TriggerSettings,
  TriggerSettingsSchema,
} from '../../gen/automation/v1/trigger_pb.ts';
import type { AccountTypes } from '../event-types/account-types.ts';
import { filterOfMessage, logicFaults } from './filter-message.ts';

export interface TriggerDraft {
  /** The event's category. */
  readonly triggerType: string;
  /** The name in the catalogue, not an alias. */
  readonly triggerEvent: string;
  readonly filter: FilterGroup;
  readonly settings: TriggerSettings;
  readonly isActive: boolean;
}

/** The draft in the columns of workflow_triggers and trigger_versions. */
export interface StoredTrigger {
  readonly triggerType: string;
  readonly triggerEvent: string;
  readonly filters: Record<string, unknown>;
  readonly settings: Record<string, unknown>;
  readonly isActive: boolean;
}

/** The draft of a request, with every name in its canonical stored form. */
export function draftOfInput(input: TriggerInput, types: AccountTypes): TriggerDraft {
  const eventType = types.eventType(input.triggerEvent);
  return {
    triggerType: input.triggerType || (eventType?.category ?? ''),
    triggerEvent: eventType?.name ?? input.triggerEvent,
    filter: input.filter ? filterOfMessage(input.filter) : EMPTY_FILTER,
    settings: canonicalSettings(input.settings ?? create(TriggerSettingsSchema)),
    isActive: input.isActive ?? true,
  };
}

/** Faults of the request that a draft cannot express, with paths below `path`. */
export function inputFaults({ filter }: TriggerInput, path: string): FieldViolation[] {
  return filter ? logicFaults(filter, `${path}.filter`) : [];
}

/** Unicode NFC, the form in which filters compare. */
function canonicalSettings(settings: TriggerSettings): TriggerSettings {
  const copy = clone(TriggerSettingsSchema, settings);
  for (const [key, value] of Object.entries(copy.configuration)) {
    const text = value.normalize();
    copy.configuration[key] = key === 'field_name' ? text.replace(/^(custom|athlete)\./, '') : text;
  }
  return copy;
}

/** The draft must be valid. */
export function storedTrigger(draft: TriggerDraft): StoredTrigger {
  return {
    triggerType: draft.triggerType,
    triggerEvent: draft.triggerEvent,
    filters: { ...draft.filter },
    settings: toJson(TriggerSettingsSchema, draft.settings) as JsonObject,
    isActive: draft.isActive,
  };
}

/**
 * Reads a stored trigger. Throws FilterUnreadable for an invalid filter, and a TypeError for invalid
 * settings.
 */
export function readStoredTrigger(stored: StoredTrigger): TriggerDraft {
  const { triggerType, triggerEvent, isActive } = stored;
  return {
    ...{ triggerType, triggerEvent, isActive },
    filter: readStoredFilter(stored.filters as JsonValue),
    settings: fromJson(TriggerSettingsSchema, stored.settings as JsonObject),
  };
}
