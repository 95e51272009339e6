/** Indexes the triggers of one event type by the event field values that they require. */

import type { FilterField, JsonObject } from '../../filters/filter.ts';
import { readValueAt } from '../../filters/filter-subject.ts';
import { toKey } from '../../filters/typed-values.ts';
import {
  type CompiledTrigger,
  type EventEquality,
  isReadable,
  satisfiesEquality,
} from './compile-trigger.ts';

export interface EventIndex {
  readonly size: number;
  add(trigger: CompiledTrigger): void;
  /** Takes the same object that was added. */
  remove(trigger: CompiledTrigger): void;
  /** The triggers that an event with this data may concern, in the order of decision. */
  candidates(data: JsonObject): CompiledTrigger[];
}

/** The triggers that require a certain key of one event field. */
interface FieldIndex {
  readonly field: FilterField;
  readonly byKey: Map<string, Set<CompiledTrigger>>;
}

/**
 * While the index has up to `explainedTriggers` triggers, every trigger whose configuration fits is a
 * candidate, so that the log has a verdict for each of them. Above that, the index rules out all triggers
 * that it can.
 */
export function createEventIndex(explainedTriggers: number): EventIndex {
  const fields = new Map<string, FieldIndex>();
  /** Each trigger with the equality under which it is indexed; null for a trigger without an equality. */
  const equalityByTrigger = new Map<CompiledTrigger, EventEquality | null>();
  /** The triggers without an equality, in order; null when the list must be rebuilt. */
  let unindexed: readonly CompiledTrigger[] | null = null;
  return {
    get size() {
      return equalityByTrigger.size;
    },
    add(trigger) {
      const equality = findMostSelectiveEquality(trigger);
      equalityByTrigger.set(trigger, equality);
      unindexed = null;
      if (equality) {
        const { byKey } = getFieldIndex(equality.field);
        for (const key of equality.keys) {
          byKey.set(key, (byKey.get(key) ?? new Set()).add(trigger));
        }
      }
    },
    remove(trigger) {
      const equality = equalityByTrigger.get(trigger);
      equalityByTrigger.delete(trigger);
      unindexed = null;
      if (equality) {
        const { byKey } = getFieldIndex(equality.field);
        for (const key of equality.keys) {
          byKey.get(key)?.delete(trigger);
          if (byKey.get(key)?.size === 0) {
            byKey.delete(key);
          }
        }
      }
    },
    candidates(data) {
      const found =
        equalityByTrigger.size > explainedTriggers ? findIndexed(data) : [...equalityByTrigger.keys()];
      return found.filter((trigger) => isCandidate(trigger, data)).sort(byPriority);
    },
  };

  function findIndexed(data: JsonObject): CompiledTrigger[] {
    unindexed ??= [...equalityByTrigger.keys()]
      .filter((each) => !equalityByTrigger.get(each))
      .sort(byPriority);
    const found = [...fields.values()].flatMap(({ field, byKey }) => {
      const key = toKey(field.type, readValueAt(data, field.path));
      return key === undefined ? [] : [...(byKey.get(key) ?? [])];
    });
    return [...unindexed, ...found];
  }

  /**
   * Picks, from the equalities that the trigger requires, the one that it shares with the fewest other
   * triggers.
   */
  function findMostSelectiveEquality({ rule }: CompiledTrigger): EventEquality | null {
    const equalities = isReadable(rule) ? [...rule.configuration, ...rule.filter.necessaryEqualities] : [];
    const [best] = equalities
      .map((equality) => ({ equality, cost: computeCost(equality) }))
      .sort((one, other) => one.cost - other.cost);
    return best?.equality ?? null;
  }

  function computeCost({ field, keys }: EventEquality): number {
    const { byKey } = getFieldIndex(field);
    return [...keys].reduce((sum, key) => sum + 1 + (byKey.get(key)?.size ?? 0), 0);
  }

  function getFieldIndex(field: FilterField): FieldIndex {
    const name = `${field.path.join('.')} ${field.type}`;
    const known = fields.get(name) ?? { field, byKey: new Map() };
    fields.set(name, known);
    return known;
  }
}

/** An unreadable trigger is a candidate for every event of its type. */
function isCandidate({ rule }: CompiledTrigger, data: JsonObject): boolean {
  return !isReadable(rule) || rule.configuration.every((equality) => satisfiesEquality(equality, data));
}

/** Priority 9 first, then by id: the same order for every event on every server. */
function byPriority(one: CompiledTrigger, other: CompiledTrigger): number {
  return readPriority(other) - readPriority(one) || (one.id < other.id ? -1 : 1);
}

function readPriority({ rule }: CompiledTrigger): number {
  return isReadable(rule) ? rule.policy.priority : 0;
}
