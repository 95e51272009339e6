/** The triggers of one event type, indexed by what an event must be like for them to match. */
import { readValueAt } from '../../filters/document-fields.ts';
import type { FilterField, JsonObject } from '../../filters/filter.ts';
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
  const equalityByTrigger = new Map<CompiledTrigger, EventEquality | null>();
  /** Those that are found by none, in order; null: to be made anew. */
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

  /** Of the equalities without which it does not match, the one that it shares with the fewest others. */
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

/** What cannot be read is a candidate of every event of its type. */
function isCandidate({ rule }: CompiledTrigger, data: JsonObject): boolean {
  return !isReadable(rule) || rule.configuration.every((equality) => satisfiesEquality(equality, data));
}

/** 9 first, then by id: the same for every event, on every server. */
function byPriority(one: CompiledTrigger, other: CompiledTrigger): number {
  return readPriority(other) - readPriority(one) || (one.id < other.id ? -1 : 1);
}

function readPriority({ rule }: CompiledTrigger): number {
  return isReadable(rule) ? rule.policy.priority : 0;
}
