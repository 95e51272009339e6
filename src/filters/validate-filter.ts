/** Finds all violations of a filter before it is stored. */
import type { FieldViolation } from '../errors/domain-error.ts';
import {
  type FieldCatalogue,
  type FilterCondition,
  type FilterGroup,
  type HistoryCondition,
  isEmptyGroup,
  isList,
  type JsonValue,
} from './filter.ts';
import { EMPTY_GROUP } from './filter-tree.ts';
import { isProblems, readCondition } from './read-condition.ts';
import { historyLimitProblems, isHistoryProblems, readHistory } from './read-history.ts';
import { needsClock } from './refute-filter.ts';
import { describeTextProblem } from './typed-values.ts';

/** The limits of a filter. */
export interface FilterLimits {
  /** Size of the filter as JSON, in bytes. */
  readonly filterBytes: number;
  readonly filterConditions: number;
  readonly filterDepth: number;
  readonly filterListItems: number;
  readonly filterStringLength: number;
  readonly historyCount: number;
  readonly historySpanDays: number;
}

/**
 * Returns every violation with its path below `prefix`; empty when the filter is valid. For a filter with too
 * many bytes, only size violations are returned.
 *
 * @example
 * validateFilter(filter, catalogue, 'trigger.filter', limits);
 * // [{ field: 'trigger.filter.conditions[0].operator', description: 'Invalid filter operator; …' }]
 */
export function validateFilter(
  filter: FilterGroup,
  catalogue: FieldCatalogue,
  prefix: string,
  limits: FilterLimits,
): FieldViolation[] {
  const size = sizeViolations(filter, prefix, limits);
  const bytes = Buffer.byteLength(JSON.stringify(filter));
  if (bytes > limits.filterBytes) {
    const description = `must take at most ${limits.filterBytes} bytes as JSON, not ${bytes}`;
    return [{ field: prefix, description }, ...size];
  }
  const check: Check = { catalogue, limits };
  return [...size, ...rootViolations(filter, prefix), ...groupViolations(filter, prefix, 1, check)];
}

interface Check {
  readonly catalogue: FieldCatalogue;
  readonly limits: FilterLimits;
  /** The conditions are on events of the history. */
  readonly isHistory?: boolean;
}

function sizeViolations(
  filter: FilterGroup,
  path: string,
  { filterConditions }: FilterLimits,
): FieldViolation[] {
  return countConditions(filter) > filterConditions
    ? [{ field: `${path}.conditions`, description: `Maximum ${filterConditions} filter conditions allowed` }]
    : [];
}

function countConditions({ conditions, groups, history = [] }: FilterGroup): number {
  const inner = [...groups, ...history.flatMap(({ filter }) => filter ?? [])];
  return inner.reduce((sum, group) => sum + countConditions(group), conditions.length + history.length);
}

/** A negated empty root would match nothing. */
function rootViolations(root: FilterGroup, path: string): FieldViolation[] {
  return root.not && isEmptyGroup(root)
    ? [{ field: `${path}.not`, description: 'must be false without conditions: nothing would ever match' }]
    : [];
}

function groupViolations(group: FilterGroup, path: string, depth: number, check: Check): FieldViolation[] {
  if (depth > check.limits.filterDepth) {
    return [
      { field: path, description: `must not be nested: groups go at most ${check.limits.filterDepth} deep` },
    ];
  }
  return [
    ...group.conditions.flatMap((condition, index) =>
      conditionViolations(condition, `${path}.conditions[${index}]`, check),
    ),
    ...(group.history ?? []).flatMap((condition, index) =>
      historyViolations(condition, `${path}.history[${index}]`, check),
    ),
    ...group.groups.flatMap((inner, index) => {
      const innerPath = `${path}.groups[${index}]`;
      return isEmptyGroup(inner)
        ? [{ field: innerPath, description: EMPTY_GROUP }]
        : groupViolations(inner, innerPath, depth + 1, check);
    }),
  ];
}

function historyViolations(condition: HistoryCondition, path: string, check: Check): FieldViolation[] {
  const read = readHistory(condition, check.catalogue);
  const problems = isHistoryProblems(read) ? read : historyLimitProblems(read.field, check.limits);
  const { filter } = condition;
  const events = check.catalogue.history?.(condition.event);
  return [
    ...problems.map(({ part, description }) => ({ field: `${path}.${part}`, description })),
    ...(filter && events
      ? [
          ...rootViolations(filter, `${path}.filter`),
          ...groupViolations(filter, `${path}.filter`, 1, {
            ...check,
            catalogue: events.fields,
            isHistory: true,
          }),
        ]
      : []),
  ];
}

function conditionViolations(condition: FilterCondition, path: string, check: Check): FieldViolation[] {
  const read = readCondition(condition, check.catalogue);
  const problems = isProblems(read) ? read : [];
  const isRelative = !isProblems(read) && check.isHistory && needsClock(read.comparison, read.field.type);
  return [
    ...problems.map(({ part, description }) => ({ field: `${path}.${part}`, description })),
    ...(isRelative ? [{ field: `${path}.operator`, description: RELATIVE }] : []),
    ...valueViolations(condition.value ?? null, `${path}.value`, check.limits),
  ];
}

const RELATIVE =
  'Invalid filter operator; conditions on the history compare with fixed values, not with the present or a calendar';

/** Violations of the length limits of texts and lists. */
function valueViolations(value: JsonValue, path: string, limits: FilterLimits): FieldViolation[] {
  if (typeof value === 'string') {
    return textViolations(value, path, limits);
  }
  if (!isList(value)) {
    return [];
  }
  const size = { field: path, description: `must be a list of at most ${limits.filterListItems}` };
  const texts = value.flatMap((element, index) =>
    typeof element === 'string' ? textViolations(element, `${path}[${index}]`, limits) : [],
  );
  return value.length > limits.filterListItems ? [size, ...texts] : texts;
}

function textViolations(text: string, path: string, { filterStringLength }: FilterLimits): FieldViolation[] {
  if ([...text].length > filterStringLength) {
    return [{ field: path, description: `must have at most ${filterStringLength} characters` }];
  }
  const problem = describeTextProblem(text);
  return problem === undefined ? [] : [{ field: path, description: problem }];
}
