/** Makes of a filter what is kept in memory and asked of every event. */
import {
  type ConditionVerdict,
  compileCondition,
  explainCondition,
  type Matches,
} from './compile-condition.ts';
import type { FieldCatalogue, FilterGroup, FilterInput } from './filter.ts';
import { conditionsOf, type FilterTree, isGroup, readTree } from './filter-tree.ts';
import { findNecessaryEqualities, type NecessaryEquality } from './necessary-equalities.ts';
import { subjectOf } from './subject.ts';

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
  const matches = compileTree(tree);
  return {
    matches: (input) => matches(subjectOf(input)),
    // Explained rarely: what it takes is not kept.
    explain: (input) =>
      conditionsOf(tree).map((condition) =>
        explainCondition(condition, input, compileCondition(condition)(subjectOf(input))),
      ),
    necessaryEqualities: findNecessaryEqualities(tree),
  };
}

function compileTree(tree: FilterTree): Matches {
  if (!isGroup(tree)) {
    return compileCondition(tree);
  }
  const matches = join(tree.children.map(compileTree), tree.logic);
  return tree.not ? (subject) => !matches(subject) : matches;
}

/** A root without children matches everything, by either logic. */
function join(children: readonly Matches[], logic: 'AND' | 'OR'): Matches {
  const [first, ...others] = children;
  if (!first) {
    return () => true;
  }
  if (others.length === 0) {
    return first;
  }
  return logic === 'AND'
    ? (subject) => children.every((matches) => matches(subject))
    : (subject) => children.some((matches) => matches(subject));
}
