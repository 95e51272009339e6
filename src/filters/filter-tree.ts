/**
 * A filter whose conditions are read: the common input of both engines, the trigger index and the loop check.
 */
import type { Comparison } from './condition-comparison.ts';
import {
  type FieldCatalogue,
  type FilterCondition,
  type FilterField,
  type FilterGroup,
  FilterUnreadable,
  type HistoryCondition,
  isEmptyGroup,
} from './filter.ts';
import { isProblems, readCondition } from './read-condition.ts';
import { requireHistory } from './read-history.ts';

export interface TreeGroup {
  readonly logic: 'AND' | 'OR';
  readonly not: boolean;
  readonly children: readonly FilterTree[];
}

export interface TreeCondition {
  /** Path such as `filter.groups[0].conditions[1]`. */
  readonly path: string;
  readonly source: FilterCondition;
  readonly field: FilterField;
  readonly comparison: Comparison;
  /** Negates the verdict of the comparison. */
  readonly isNegative: boolean;
  /** The verdict for an absent field. */
  readonly whenAbsent: boolean;
}

export type FilterTree = TreeGroup | TreeCondition;

export function isGroup(tree: FilterTree): tree is TreeGroup {
  return 'children' in tree;
}

/**
 * Reads every condition. Throws FilterUnreadable for a condition that cannot be read, and for an empty inner
 * group.
 */
export function readTree(filter: FilterGroup, catalogue: FieldCatalogue): TreeGroup {
  return readGroup(filter, catalogue, 'filter');
}

/** The violation for an empty inner group. */
export const EMPTY_GROUP = 'must have at least one condition or group';

function readGroup(group: FilterGroup, catalogue: FieldCatalogue, path: string): TreeGroup {
  const conditions = group.conditions.map((condition, index) =>
    readLeaf(condition, catalogue, `${path}.conditions[${index}]`),
  );
  const groups = group.groups.map((inner, index) => {
    const innerPath = `${path}.groups[${index}]`;
    if (isEmptyGroup(inner)) {
      throw new FilterUnreadable(innerPath, EMPTY_GROUP);
    }
    return readGroup(inner, catalogue, innerPath);
  });
  const history = (group.history ?? []).map((condition, index) =>
    readHistoryLeaf(condition, catalogue, `${path}.history[${index}]`),
  );
  return { logic: group.logic, not: group.not, children: [...conditions, ...history, ...groups] };
}

function readHistoryLeaf(
  condition: HistoryCondition,
  catalogue: FieldCatalogue,
  path: string,
): TreeCondition {
  const { field, comparison } = requireHistory(condition, catalogue, path);
  if (field.history) {
    readTree(field.history.filter, field.history.fields);
  }
  const isNone = condition.at_least === 0;
  return {
    ...{ path, field, comparison, isNegative: false, whenAbsent: isNone },
    source: {
      field: `history.${condition.event}`,
      ...(isNone ? { operator: 'none' } : { operator: 'at_least', value: condition.at_least }),
    },
  };
}

function readLeaf(source: FilterCondition, catalogue: FieldCatalogue, path: string): TreeCondition {
  const read = readCondition(source, catalogue);
  if (isProblems(read)) {
    const texts = read.map(({ part, description }) => `${part}: ${description}`);
    throw new FilterUnreadable(path, texts.join('; '));
  }
  return { ...read, path, source, whenAbsent: source.if_absent ?? read.isNegative };
}
