/** Whether what a workflow does sets another one off: surely, perhaps, or not at all. */
import type { Action } from '../../../gen/automation/v1/action_pb.ts';
import { type Emission, emissionsOf } from '../../actions/emissions.ts';
import type { AccountTypes } from '../../event-types/account-types.ts';
import type { EventType } from '../../event-types/event-type.ts';
import {
  type FieldCatalogue,
  type FilterCondition,
  type FilterGroup,
  FilterUnreadable,
  type JsonObject,
} from '../../filters/filter.ts';
import { foresee } from '../../filters/refute-filter.ts';
import type { TriggerDraft } from '../trigger-draft.ts';

/** A workflow whose trigger takes part, or is about to. */
export interface LoopNode {
  readonly workflowId: string;
  readonly name: string;
  readonly trigger: Pick<TriggerDraft, 'triggerEvent' | 'filter' | 'settings'>;
  readonly actions: readonly Action[];
}

export type Edge = 'CERTAIN' | 'POSSIBLE' | 'NONE';

export function edgeBetween(from: LoopNode, to: LoopNode, types: AccountTypes): Edge {
  const edges = from.actions.flatMap(emissionsOf).map((emission) => edgeOf(emission, to, types));
  if (edges.includes('CERTAIN')) {
    return 'CERTAIN';
  }
  return edges.includes('POSSIBLE') ? 'POSSIBLE' : 'NONE';
}

function edgeOf(emission: Emission, { trigger }: LoopNode, types: AccountTypes): Edge {
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

/** A filter that cannot be read any more matches nothing until somebody mends it, which is looked at then. */
function verdictOf(filter: FilterGroup, catalogue: FieldCatalogue, known: JsonObject): boolean | undefined {
  try {
    return foresee(filter, catalogue, known);
  } catch (error) {
    if (error instanceof FilterUnreadable) {
      return false;
    }
    throw error;
  }
}

/** The configuration counts as conditions that hold together with the filter. */
function wholeFilter({ filter, settings }: LoopNode['trigger']): FilterGroup {
  const conditions = Object.entries(settings.configuration).map(
    ([field, value]): FilterCondition => ({ field, operator: 'equals', value }),
  );
  const isEmpty = filter.conditions.length === 0 && filter.groups.length === 0;
  return { logic: 'AND', not: false, conditions, groups: isEmpty ? [] : [filter] };
}

/** Of an emission that says all, what it does not say is known to be absent. */
function knownOf({ known, isComplete }: Emission, { fields }: EventType): JsonObject {
  const absent = isComplete ? Object.fromEntries(fields.map(({ name }) => [name, null])) : {};
  return { ...absent, ...known };
}
