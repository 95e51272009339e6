/** Compiles a filter into functions that are kept in memory and called for every event. */
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
  /** Whether the input matches. Never throws, whatever the documents contain. */
  matches(input: FilterInput): boolean;
  /**
   * Returns the verdict of every condition in the order of the filter, including those that did not decide.
   */
  explain(input: FilterInput): ConditionVerdict[];
  /** Equalities that an event must satisfy for the filter to match; used to index triggers. */
  readonly necessaryEqualities: readonly NecessaryEquality[];
}

/**
 * Compiles a filter. Throws FilterUnreadable for an unknown field, an operator that does not fit the field,
 * or a value that does not fit the operator. Does not check limits: see `validateFilter`.
 *
 * @example
 * const catalogue = createFieldCatalogue(definitions);
 * const { matches } = compileFilter(readStoredFilter(trigger.filters), catalogue);
 * matches({ event, previous: null, athlete, occurredAt, timeZone: 'Europe/Berlin' });
 */
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

/** Compiles the tree, and appends its conditions to `conditions` in the order of the filter. */
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

/** A root without children matches every input, with either logic. */
function joinMatches(children: readonly Matches[], logic: 'AND' | 'OR'): Matches {
  if (children.length === 0) {
    return () => true;
  }
  return logic === 'AND'
    ? (subject) => children.every((matches) => matches(subject))
    : (subject) => children.some((matches) => matches(subject));
}
