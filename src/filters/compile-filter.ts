/**
 * Compiles a filter into functions that are kept in memory and called for every event, and finds the
 * equalities that it requires, by which triggers are indexed.
 */
import { createDiffTest, createValueTest } from './compile-comparison.ts';
import { isDiff } from './condition-comparison.ts';
import type { FieldCatalogue, FilterField, FilterGroup, FilterInput, JsonValue } from './filter.ts';
import {
  type FilterSubject,
  getFilterSubject,
  readCurrentValue,
  readPreviousValue,
} from './filter-subject.ts';
import { type FilterTree, isGroup, readTree, type TreeCondition } from './filter-tree.ts';

type Matches = (subject: FilterSubject) => boolean;

export function compileCondition({ field, comparison, isNegative, whenAbsent }: TreeCondition): Matches {
  const toVerdict = (outcome: boolean | undefined) =>
    outcome === undefined ? whenAbsent : outcome !== isNegative;
  if (!isDiff(comparison)) {
    const test = createValueTest(comparison, field);
    return (subject) => toVerdict(test(subject));
  }
  const test = createDiffTest(comparison, field.type);
  return ({ input }) => {
    const before = readPreviousValue(field, input);
    // A field that is missing in `previous` did not change.
    return toVerdict(before === undefined ? undefined : test(readCurrentValue(field, input), before));
  };
}

export interface ConditionVerdict {
  /** Path such as `filter.groups[0].conditions[1]`. */
  readonly path: string;
  readonly field: string;
  readonly operator: string;
  /** The value of the condition; undefined for operators without a value. */
  readonly expected: JsonValue | undefined;
  /** The value in the document, or `{previous, current}` for a change; undefined when it is absent. */
  readonly actual: JsonValue | undefined;
  readonly matched: boolean;
  /** Whether `actual` must be redacted before it is shown or stored. */
  readonly isPersonal: boolean;
}

/** Returns the condition's verdict with the values that decided it. */
function explainCondition(condition: TreeCondition, input: FilterInput, matched: boolean): ConditionVerdict {
  const { path, source, field, comparison } = condition;
  return {
    path,
    field: source.field,
    operator: source.operator,
    expected: source.value,
    actual: isDiff(comparison) ? readChange(condition, input) : readCurrentValue(field, input),
    matched,
    isPersonal: field.isPersonal,
  };
}

function readChange({ field }: TreeCondition, input: FilterInput): JsonValue | undefined {
  const current = readCurrentValue(field, input);
  const previous = readPreviousValue(field, input);
  if (current === undefined && previous === undefined) {
    return undefined;
  }
  return {
    ...(previous === undefined ? {} : { previous }),
    ...(current === undefined ? {} : { current }),
  };
}

/** The filter matches only events whose field has one of these keys (see `toKey`). */
export interface NecessaryEquality {
  /** A field of the scope `event`. */
  readonly field: FilterField;
  readonly keys: ReadonlySet<string>;
}

function findNecessaryEqualities(tree: FilterTree): readonly NecessaryEquality[] {
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

export interface CompiledFilter {
  /** Whether the input matches. Never throws, whatever the documents contain. */
  matches(input: FilterInput): boolean;
  /**
   * Returns the verdict of every condition in the order of the filter, including those that did not decide.
   */
  explain(input: FilterInput): ConditionVerdict[];
  /** Equalities that an event must satisfy for the filter to match; used to index triggers. */
  readonly necessaryEqualities: readonly NecessaryEquality[];
  /** The fields that the conditions read. */
  readonly fields: readonly FilterField[];
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
    fields: [...new Set(conditions.map(({ condition }) => condition.field))],
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
