/** The triggers of one event type, indexed by what an event must be like for them to match. */
import { valueAt } from '../../filters/documents.ts';
import type { FilterField, JsonObject } from '../../filters/filter.ts';
import { keyOf } from '../../filters/values.ts';
import { type CompiledTrigger, type EventEquality, holds, isReadable } from './compile-trigger.ts';

export interface EventIndex {
  readonly size: number;
  add(trigger: CompiledTrigger): void;
  /** The same object that was added. */
  remove(trigger: CompiledTrigger): void;
  /** Those that an event with this data may concern, in the order in which they are decided. */
  candidates(data: JsonObject): CompiledTrigger[];
}

/** The triggers that want one field of the event to have a certain key. */
interface FieldIndex {
  readonly field: FilterField;
  readonly byKey: Map<string, Set<CompiledTrigger>>;
}

/**
 * Up to `explainedTriggers` of them, every trigger whose configuration fits is a candidate, so that each has its
 * verdict in the log; beyond that, only those are that the index cannot rule out.
 */
export function createEventIndex(explainedTriggers: number): EventIndex {
  const fields = new Map<string, FieldIndex>();
  /** Every trigger, and the equality that it is found by; null: by none. */
  const placements = new Map<CompiledTrigger, EventEquality | null>();
  /** Those that are found by none, in order; null: to be made anew. */
  let unindexed: readonly CompiledTrigger[] | null = null;
  return {
    get size() {
      return placements.size;
    },
    add(trigger) {
      const equality = cheapestOf(trigger);
      placements.set(trigger, equality);
      unindexed = null;
      if (equality) {
        const { byKey } = fieldIndexOf(equality.field);
        for (const key of equality.keys) {
          byKey.set(key, (byKey.get(key) ?? new Set()).add(trigger));
        }
      }
    },
    remove(trigger) {
      const equality = placements.get(trigger);
      placements.delete(trigger);
      unindexed = null;
      if (equality) {
        const { byKey } = fieldIndexOf(equality.field);
        for (const key of equality.keys) {
          byKey.get(key)?.delete(trigger);
          if (byKey.get(key)?.size === 0) {
            byKey.delete(key);
          }
        }
      }
    },
    candidates(data) {
      const found = placements.size > explainedTriggers ? indexed(data) : [...placements.keys()];
      return found.filter((trigger) => isCandidate(trigger, data)).sort(byPriority);
    },
  };

  function indexed(data: JsonObject): CompiledTrigger[] {
    unindexed ??= [...placements.keys()].filter((each) => !placements.get(each)).sort(byPriority);
    const found = [...fields.values()].flatMap(({ field, byKey }) => {
      const key = keyOf(field.type, valueAt(data, field.path));
      return key === undefined ? [] : [...(byKey.get(key) ?? [])];
    });
    return [...unindexed, ...found];
  }

  /** Of the equalities without which it does not match, the one that it shares with the fewest others. */
  function cheapestOf({ rule }: CompiledTrigger): EventEquality | null {
    const equalities = isReadable(rule) ? [...rule.configuration, ...rule.filter.necessaryEqualities] : [];
    const [best] = equalities
      .map((equality) => ({ equality, cost: costOf(equality) }))
      .sort((one, other) => one.cost - other.cost);
    return best?.equality ?? null;
  }

  function costOf({ field, keys }: EventEquality): number {
    const { byKey } = fieldIndexOf(field);
    return [...keys].reduce((sum, key) => sum + 1 + (byKey.get(key)?.size ?? 0), 0);
  }

  function fieldIndexOf(field: FilterField): FieldIndex {
    const name = `${field.path.join('.')} ${field.type}`;
    const known = fields.get(name) ?? { field, byKey: new Map() };
    fields.set(name, known);
    return known;
  }
}

/** What cannot be read is a candidate of every event of its type. */
function isCandidate({ rule }: CompiledTrigger, data: JsonObject): boolean {
  return !isReadable(rule) || rule.configuration.every((equality) => holds(equality, data));
}

/** 9 first, then by id: the same for every event, on every server. */
function byPriority(one: CompiledTrigger, other: CompiledTrigger): number {
  return priorityOf(other) - priorityOf(one) || (one.id < other.id ? -1 : 1);
}

function priorityOf({ rule }: CompiledTrigger): number {
  return isReadable(rule) ? rule.policy.priority : 0;
}
