/** A trigger as somebody wants it, before and after it is stored: what is validated, compared and kept. */
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
  /** A name of the catalogue, not an alias. */
  readonly triggerEvent: string;
  readonly filter: FilterGroup;
  readonly settings: TriggerSettings;
  readonly isActive: boolean;
}

/** What a draft says, in the columns of workflow_triggers and trigger_versions. */
export interface StoredTrigger {
  readonly triggerType: string;
  readonly triggerEvent: string;
  readonly filters: Record<string, unknown>;
  readonly settings: Record<string, unknown>;
  readonly isActive: boolean;
}

/** What the input says, with every name in the one spelling that is stored. */
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

/** What of the input no draft can say, with paths below `path`. */
export function inputFaults({ filter }: TriggerInput, path: string): FieldViolation[] {
  return filter ? logicFaults(filter, `${path}.filter`) : [];
}

/** Configuration is compared with what events say, which filters compare in this form. */
function canonicalSettings(settings: TriggerSettings): TriggerSettings {
  const copy = clone(TriggerSettingsSchema, settings);
  for (const [key, value] of Object.entries(copy.configuration)) {
    const text = value.normalize();
    copy.configuration[key] = key === 'field_name' ? text.replace(/^(custom|athlete)\./, '') : text;
  }
  return copy;
}

/** The draft is a valid one. */
export function storedTrigger(draft: TriggerDraft): StoredTrigger {
  return {
    triggerType: draft.triggerType,
    triggerEvent: draft.triggerEvent,
    filters: { ...draft.filter },
    settings: toJson(TriggerSettingsSchema, draft.settings) as JsonObject,
    isActive: draft.isActive,
  };
}

/** Reads it back. Throws FilterUnreadable for a filter that is none, a TypeError or such for settings. */
export function readStoredTrigger(stored: StoredTrigger): TriggerDraft {
  const { triggerType, triggerEvent, isActive } = stored;
  return {
    ...{ triggerType, triggerEvent, isActive },
    filter: readStoredFilter(stored.filters as JsonValue),
    settings: fromJson(TriggerSettingsSchema, stored.settings as JsonObject),
  };
}
