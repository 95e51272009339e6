/** Makes of a stored trigger what is kept in memory and asked of every event of its type. */

import { type CompiledFilter, compileFilter } from '../../filters/compile-filter.ts';
import { readsAthlete, readValueAt } from '../../filters/document-fields.ts';
import type { FilterField, FilterGroup, JsonObject, JsonValue } from '../../filters/filter.ts';
import { readStoredFilter } from '../../filters/read-filter.ts';
import { toKey } from '../../filters/typed-values.ts';
import type { AccountTypes } from '../event-types/account-types.ts';
import type { EventType } from '../event-types/event-type.ts';
import { type CompactTrigger, toIdSuffix } from './compact-trigger.ts';
import { readStoredPolicy, type TriggerPolicy } from './trigger-policy.ts';

/** A row of workflow_triggers, as far as it matters here. */
export interface StoredTrigger {
  readonly id: string;
  readonly workflowId: string;
  readonly event: string;
  readonly version: number;
  readonly filters: JsonValue;
  readonly settings: JsonValue;
}

/** A trigger of one version. One that cannot be read has no rule: each event of its type is an error to it. */
export interface CompiledTrigger {
  readonly id: string;
  readonly workflowId: string;
  readonly event: string;
  readonly version: number;
  /** Without conditions. */
  readonly compact: CompactTrigger;
  readonly rule: TriggerRule | UnreadableRule;
}

export interface TriggerRule {
  readonly policy: TriggerPolicy;
  readonly filter: CompiledFilter;
  /** What the event's fields must equal for the trigger to be a candidate. */
  readonly configuration: readonly EventEquality[];
  /** What the filter reads of the athlete. */
  readonly athleteFields: readonly FilterField[];
}

export interface UnreadableRule {
  /** Why, for whoever mends it. */
  readonly problem: string;
}

/** The event's field has one of these keys; see keyOf. */
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
      : { problem: `there is no event ${stored.event}` };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Throws FilterUnreadable when the filter or the configuration names what the event does not have. */
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
  return {
    policy,
    filter: compileFilter(filter, catalogue),
    configuration: Object.entries(policy.configuration).map(([name, text]) =>
      toConfiguredEquality(resolve(name), text),
    ),
    athleteFields: [...new Set(listFieldNames(filter).map(resolve))].filter(readsAthlete),
  };
}

/** Flags are configured as text too. */
function toConfiguredEquality(field: FilterField, text: string): EventEquality {
  return { field, keys: new Set([toKey(field.type, text) ?? text]) };
}

function listFieldNames({ conditions, groups }: FilterGroup): string[] {
  return [...conditions.map(({ field }) => field), ...groups.flatMap(listFieldNames)];
}

export function satisfiesEquality({ field, keys }: EventEquality, data: JsonObject): boolean {
  const key = toKey(field.type, readValueAt(data, field.path));
  return key !== undefined && keys.has(key);
}
