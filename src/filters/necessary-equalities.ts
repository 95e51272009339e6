/** Finds the equalities of event fields without which a filter cannot match: what picks candidates by index. */
import type { FilterField } from './filter.ts';
import { type FilterTree, isGroup, type TreeCondition } from './filter-tree.ts';

/** The filter matches only events whose field has one of these keys (see keyOf). */
export interface NecessaryEquality {
  /** Of the scope `event`. */
  readonly field: FilterField;
  readonly keys: ReadonlySet<string>;
}

export function findNecessaryEqualities(tree: FilterTree): readonly NecessaryEquality[] {
  return findForVerdict(tree, true);
}

/** What must hold for the tree's verdict to be `verdict`. */
function findForVerdict(tree: FilterTree, verdict: boolean): readonly NecessaryEquality[] {
  if (!isGroup(tree)) {
    return findForConditionVerdict(tree, verdict);
  }
  const wanted = verdict !== tree.not;
  const parts = tree.children.map((child) => findForVerdict(child, wanted));
  // Turned around, "all of them" is "not one of them" and the other way around.
  return (tree.logic === 'AND') === wanted ? intersectEqualities(parts.flat()) : uniteEqualities(parts);
}

function findForConditionVerdict(condition: TreeCondition, verdict: boolean): readonly NecessaryEquality[] {
  const { field, comparison, isNegative, whenAbsent } = condition;
  const isNecessary =
    comparison.kind === 'keys' && field.scope === 'event' && verdict !== isNegative && whenAbsent !== verdict;
  return isNecessary ? [{ field, keys: comparison.keys }] : [];
}

/** All of them hold: of one field, what they have in common. */
function intersectEqualities(equalities: readonly NecessaryEquality[]): readonly NecessaryEquality[] {
  const byField = new Map<FilterField, ReadonlySet<string>>();
  for (const { field, keys } of equalities) {
    const earlier = byField.get(field);
    byField.set(field, earlier ? new Set([...keys].filter((key) => earlier.has(key))) : keys);
  }
  return [...byField].map(([field, keys]) => ({ field, keys }));
}

/** One of the alternatives holds: only what each of them needs, with the keys of all. */
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
