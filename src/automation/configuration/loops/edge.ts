/** Decides whether an event that one workflow emits starts another: certainly, possibly, or not. */

import {
  type FieldCatalogue,
  type FilterCondition,
  type FilterGroup,
  FilterUnreadable,
  type JsonObject,
} from '../../../filters/filter.ts';
import { predictVerdict } from '../../../filters/refute-filter.ts';
import type { Emission } from '../../actions/emissions.ts';
import type { AccountTypes } from '../../event-types/account-types.ts';
import type { EventType } from '../../event-types/event-type.ts';

/** A workflow whose trigger is active, or about to be. */
export interface LoopNode {
  readonly workflowId: string;
  readonly name: string;
  readonly trigger: LoopTrigger;
  /** The emissions of its actions, in order. */
  emissions(): readonly Emission[];
}

/** What decides whether a trigger matches. */
export interface LoopTrigger {
  readonly triggerEvent: string;
  readonly filter: FilterGroup;
  readonly configuration: Readonly<Record<string, string>>;
}

export type Edge = 'CERTAIN' | 'POSSIBLE' | 'NONE';

/** Whether the emission starts the workflow. */
export function edgeOf(emission: Emission, { trigger }: LoopNode, types: AccountTypes): Edge {
  const eventType = types.eventType(trigger.triggerEvent);
  if (emission.type !== trigger.triggerEvent || !eventType) {
    return 'NONE';
  }
  const verdict = verdictOf(
    wholeFilter(trigger),
    types.fieldCatalogue(eventType),
    knownOf(emission, eventType),
  );
  if (verdict === false) {
    return 'NONE';
  }
  return verdict === true && emission.isCertain ? 'CERTAIN' : 'POSSIBLE';
}

/** A filter that cannot be read matches nothing until it is repaired, and the repair is checked again. */
function verdictOf(filter: FilterGroup, catalogue: FieldCatalogue, known: JsonObject): boolean | undefined {
  try {
    return predictVerdict(filter, catalogue, known);
  } catch (error) {
    if (error instanceof FilterUnreadable) {
      return false;
    }
    throw error;
  }
}

/** The configuration counts as conditions that are combined with the filter by AND. */
function wholeFilter({ filter, configuration }: LoopTrigger): FilterGroup {
  const conditions = Object.entries(configuration).map(
    ([field, value]): FilterCondition => ({ field, operator: 'equals', value }),
  );
  const isEmpty = filter.conditions.length === 0 && filter.groups.length === 0;
  return { logic: 'AND', not: false, conditions, groups: isEmpty ? [] : [filter] };
}

/** In a complete emission, fields that are not listed are absent. */
function knownOf({ known, isComplete }: Emission, { fields }: EventType): JsonObject {
  const absent = isComplete ? Object.fromEntries(fields.map(({ name }) => [name, null])) : {};
  return { ...absent, ...known };
}
