/**
 * Compiles a stored trigger into the form that is kept in memory and evaluated for every event of its type.
 */

import { type CompiledFilter, compileFilter } from '../../filters/compile-filter.ts';
import type { FilterField, FilterGroup, JsonObject, JsonValue } from '../../filters/filter.ts';
import { readsAthlete, readValueAt } from '../../filters/filter-subject.ts';
import { readStoredFilter } from '../../filters/read-filter.ts';
import { isHistoryField } from '../../filters/read-history.ts';
import { toKey } from '../../filters/typed-values.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import type { AccountTypes } from '../event-types/account-types.ts';
import type { EventType } from '../event-types/event-type.ts';
import { isTrainingField } from '../event-types/training-fields.ts';
import { type CompactTrigger, toIdSuffix } from './compact-trigger.ts';
import { readStoredPolicy, type TriggerPolicy } from './trigger-policy.ts';

/** The columns of workflow_triggers that evaluation needs. */
export interface StoredTrigger {
  readonly id: string;
  readonly workflowId: string;
  readonly event: string;
  readonly version: number;
  readonly filters: JsonValue;
  readonly settings: JsonValue;
}

/** Converts the entity to the form that `compileTrigger` reads. */
export function toStoredTrigger({
  id,
  workflowId,
  triggerEvent,
  version,
  filters,
  settings,
}: WorkflowTrigger): StoredTrigger {
  return {
    ...{ id, workflowId, version },
    event: triggerEvent,
    filters: filters as JsonValue,
    settings: settings as JsonValue,
  };
}

/**
 * One version of a trigger. An unreadable trigger has no rule: every event of its type gets the verdict
 * ERROR.
 */
export interface CompiledTrigger {
  readonly id: string;
  readonly workflowId: string;
  readonly event: string;
  readonly version: number;
  /** Compact form with `conditions` empty. */
  readonly compact: CompactTrigger;
  readonly rule: TriggerRule | UnreadableRule;
}

export interface TriggerRule {
  readonly policy: TriggerPolicy;
  readonly filter: CompiledFilter;
  /** An event must satisfy all of these equalities for the trigger to be a candidate. */
  readonly configuration: readonly EventEquality[];
  /** The athlete's fields that the filter reads. */
  readonly athleteFields: readonly FilterField[];
  /** Those among them that are not part of every athlete's document; see loaded-fields.ts. */
  readonly loadedFields: readonly FilterField[];
}

export interface UnreadableRule {
  /** Why the trigger cannot be read; shown to the author of the trigger. */
  readonly problem: string;
}

/** Requires the event's field to have one of these keys; see `toKey`. */
export interface EventEquality {
  readonly field: FilterField;
  readonly keys: ReadonlySet<string>;
}

export function isReadable(rule: CompiledTrigger['rule']): rule is TriggerRule {
  return 'policy' in rule;
}

export function compileTrigger(stored: StoredTrigger, types: AccountTypes): CompiledTrigger {
  const { id, workflowId, event, version } = stored;
  const compact = { idSuffix: toIdSuffix(id), version, conditions: '' };
  return { id, workflowId, event, version, compact, rule: compileRuleOrProblem(stored, types) };
}

function compileRuleOrProblem(stored: StoredTrigger, types: AccountTypes): TriggerRule | UnreadableRule {
  try {
    const type = types.eventType(stored.event);
    return type
      ? compileRule(
          readStoredPolicy(stored.settings, stored.workflowId),
          readStoredFilter(stored.filters),
          type,
          types,
        )
      : { problem: `the event type ${stored.event} does not exist` };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Throws FilterUnreadable or TypeError when the filter or the configuration names a field that the event does
 * not have.
 */
export function compileRule(
  policy: TriggerPolicy,
  filter: FilterGroup,
  type: EventType,
  types: AccountTypes,
): TriggerRule {
  const catalogue = types.fieldCatalogue(type);
  const resolve = (name: string) => {
    const field = catalogue.resolve(name);
    if (!field) {
      throw new TypeError(`settings.configuration: ${type.name} has no field ${name}`);
    }
    return field;
  };
  const compiled = compileFilter(filter, catalogue);
  const athleteFields = compiled.fields.filter(readsAthlete);
  return {
    policy,
    filter: compiled,
    configuration: Object.entries(policy.configuration).map(([name, text]) =>
      toConfiguredEquality(resolve(name), text),
    ),
    athleteFields,
    loadedFields: athleteFields.filter((field) => isTrainingField(field) || isHistoryField(field)),
  };
}

/**
 * The configuration stores booleans as text, so a text that has no key of the field's type is its own key.
 */
function toConfiguredEquality(field: FilterField, text: string): EventEquality {
  return { field, keys: new Set([toKey(field.type, text) ?? text]) };
}

/** The names of the fields in a filter's conditions. */
export function listFieldNames({ conditions, groups }: FilterGroup): string[] {
  return [...conditions.map(({ field }) => field), ...groups.flatMap(listFieldNames)];
}

export function satisfiesEquality({ field, keys }: EventEquality, data: JsonObject): boolean {
  const key = toKey(field.type, readValueAt(data, field.path));
  return key !== undefined && keys.has(key);
}

/** Whether the event has the trigger's type and satisfies its configuration. */
export function isCandidate(
  { event, rule }: CompiledTrigger,
  { type, data }: { readonly type: string; readonly data: JsonObject },
): boolean {
  return (
    type === event &&
    isReadable(rule) &&
    rule.configuration.every((equality) => satisfiesEquality(equality, data))
  );
}
