/** Makes of a filter what is kept in memory and asked of every event. */
import {
  type ConditionVerdict,
  compileCondition,
  explainCondition,
  type Matches,
} from './compile-condition.ts';
import type { FieldCatalogue, FilterGroup, FilterInput } from './filter.ts';
import { getFilterSubject } from './filter-subject.ts';
import { type FilterTree, isGroup, readTree, type TreeCondition } from './filter-tree.ts';
import { findNecessaryEqualities, type NecessaryEquality } from './necessary-equalities.ts';

export type { ConditionVerdict } from './compile-condition.ts';
export type { NecessaryEquality } from './necessary-equalities.ts';

export interface CompiledFilter {
  /** Whatever the documents hold, it does not throw. */
  matches(input: FilterInput): boolean;
  /** Every condition in the order of the filter, also those that did not decide. */
  explain(input: FilterInput): ConditionVerdict[];
  /** What must hold of the event, or the filter does not match. */
  readonly necessaryEqualities: readonly NecessaryEquality[];
}

/** Throws FilterUnreadable for a filter that says nothing by this catalogue; limits are left to validateFilter. */
export function compileFilter(filter: FilterGroup, catalogue: FieldCatalogue): CompiledFilter {
  const tree = readTree(filter, catalogue);
  const conditions: CompiledCondition[] = [];
  const matches = compileTree(tree, conditions);
  return {
    matches: (input) => matches(getFilterSubject(input)),
    explain: (input) =>
      conditions.map((each) =>
        explainCondition(each.condition, input, each.matches(getFilterSubject(input))),
      ),
    necessaryEqualities: findNecessaryEqualities(tree),
  };
}

interface CompiledCondition {
  readonly condition: TreeCondition;
  readonly matches: Matches;
}

/** Leaves its conditions in `conditions`, in the order of the filter. */
function compileTree(tree: FilterTree, conditions: CompiledCondition[]): Matches {
  if (!isGroup(tree)) {
    const matches = compileCondition(tree);
    conditions.push({ condition: tree, matches });
    return matches;
  }
  const children = tree.children.map((child) => compileTree(child, conditions));
  const matches = joinMatches(children, tree.logic);
  return tree.not ? (subject) => !matches(subject) : matches;
}

/** A root without children matches everything, by either logic. */
function joinMatches(children: readonly Matches[], logic: 'AND' | 'OR'): Matches {
  if (children.length === 0) {
    return () => true;
  }
  return logic === 'AND'
    ? (subject) => children.every((matches) => matches(subject))
    : (subject) => children.some((matches) => matches(subject));
}
