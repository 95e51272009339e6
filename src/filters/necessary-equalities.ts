/** Finds the equalities on event fields that a filter requires, by which triggers are indexed. */
import type { FilterField } from './filter.ts';
import { type FilterTree, isGroup, type TreeCondition } from './filter-tree.ts';

/** The filter matches only events whose field has one of these keys (see `toKey`). */
export interface NecessaryEquality {
  /** A field of the scope `event`. */
  readonly field: FilterField;
  readonly keys: ReadonlySet<string>;
}

export function findNecessaryEqualities(tree: FilterTree): readonly NecessaryEquality[] {
  return findForVerdict(tree, true);
}

/** The equalities that must hold for the tree's verdict to be `verdict`. */
function findForVerdict(tree: FilterTree, verdict: boolean): readonly NecessaryEquality[] {
  if (!isGroup(tree)) {
    return findForConditionVerdict(tree, verdict);
  }
  const wanted = verdict !== tree.not;
  const parts = tree.children.map((child) => findForVerdict(child, wanted));
  // By De Morgan, a negated AND is an OR of negated children, and the reverse.
  return (tree.logic === 'AND') === wanted ? intersectEqualities(parts.flat()) : uniteEqualities(parts);
}

function findForConditionVerdict(condition: TreeCondition, verdict: boolean): readonly NecessaryEquality[] {
  const { field, comparison, isNegative, whenAbsent } = condition;
  const isNecessary =
    comparison.kind === 'keys' && field.scope === 'event' && verdict !== isNegative && whenAbsent !== verdict;
  return isNecessary ? [{ field, keys: comparison.keys }] : [];
}

/** All equalities hold, so each field needs a key in the intersection of its sets. */
function intersectEqualities(equalities: readonly NecessaryEquality[]): readonly NecessaryEquality[] {
  const byField = new Map<FilterField, ReadonlySet<string>>();
  for (const { field, keys } of equalities) {
    const earlier = byField.get(field);
    byField.set(field, earlier ? new Set([...keys].filter((key) => earlier.has(key))) : keys);
  }
  return [...byField].map(([field, keys]) => ({ field, keys }));
}

/**
 * One of the alternatives holds, so only fields that every alternative needs remain, with the union of their
 * keys.
 */
function uniteEqualities(
  alternatives: readonly (readonly NecessaryEquality[])[],
): readonly NecessaryEquality[] {
  const [first = [], ...others] = alternatives;
  return first.flatMap(({ field, keys }) => {
    const otherKeys = others.map((each) => each.find((equality) => equality.field === field)?.keys);
    const found = otherKeys.filter((each) => each !== undefined);
    return found.length === others.length
      ? [{ field, keys: new Set([keys, ...found].flatMap((each) => [...each])) }]
      : [];
  });
}
