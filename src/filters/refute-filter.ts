/** Predicts a filter's verdict from the known fields of an event; used by the loop check. */

import { compileCondition } from './compile-filter.ts';
import { type Comparison, type DiffComparison, isDiff } from './condition-comparison.ts';
import type { FieldCatalogue, FieldType, FilterGroup, FilterInput, JsonObject, JsonValue } from './filter.ts';
import { getFilterSubject, readCurrentValue, readsAthlete } from './filter-subject.ts';
import { type FilterTree, isGroup, readTree, type TreeCondition } from './filter-tree.ts';
import { readNumber, toKey } from './typed-values.ts';

/**
 * Whether the filter matches no event whose fields have these values, whatever its other fields and the
 * athlete are.
 */
export function isRefuted(filter: FilterGroup, catalogue: FieldCatalogue, known: JsonObject): boolean {
  return predictVerdict(filter, catalogue, known) === false;
}

/**
 * The filter's verdict on every event whose fields, and those of its origin, have these values (null for absent), or
 * undefined when the verdict depends on anything else. Throws FilterUnreadable.
 *
 * @example
 * predictVerdict(filter, catalogue, { tag: 'vip' }); // true, false or undefined
 */
export function predictVerdict(
  filter: FilterGroup,
  catalogue: FieldCatalogue,
  known: JsonObject,
  origin: JsonObject = {},
): boolean | undefined {
  return predictTree(readTree(filter, catalogue), { known, origin });
}

/** The fields of the event and of its origin that are known. */
interface KnownEvent {
  readonly known: JsonObject;
  readonly origin: JsonObject;
}

function predictTree(tree: FilterTree, event: KnownEvent): boolean | undefined {
  if (!isGroup(tree)) {
    return predictCondition(tree, event);
  }
  const verdict = joinVerdicts(
    tree.children.map((child) => predictTree(child, event)),
    tree.logic,
  );
  return verdict === undefined ? undefined : verdict !== tree.not;
}

/**
 * Three-valued logic: one false decides AND, one true decides OR; otherwise one unknown leaves the verdict
 * open.
 */
function joinVerdicts(verdicts: readonly (boolean | undefined)[], logic: 'AND' | 'OR'): boolean | undefined {
  if (verdicts.length === 0) {
    return true;
  }
  const deciding = logic === 'OR';
  if (verdicts.includes(deciding)) {
    return deciding;
  }
  return verdicts.includes(undefined) ? undefined : !deciding;
}

function predictCondition(condition: TreeCondition, { known, origin }: KnownEvent): boolean | undefined {
  const { field, comparison } = condition;
  const [name] = field.path;
  const document = field.scope === 'origin' ? origin : known;
  if (readsAthlete(field) || name === undefined || !Object.hasOwn(document, name)) {
    return undefined;
  }
  const input: FilterInput = {
    ...{ event: known, origin, previous: null, athlete: null },
    ...{ occurredAt: 0n, timeZone: 'UTC' },
  };
  const value = readCurrentValue(field, input);
  if (isDiff(comparison)) {
    return predictDiff(condition, comparison, value);
  }
  const isOpen = needsClock(comparison, field.type) && toKey(field.type, value) !== undefined;
  return isOpen ? undefined : compileCondition(condition)(getFilterSubject(input));
}

/** Whether the outcome depends on the present or on the athlete's time zone. */
export function needsClock({ kind }: Comparison, type: FieldType): boolean {
  const isOfCalendar = kind === 'day' || kind === 'month' || kind === 'weekday';
  return kind === 'days' || kind === 'time' || (isOfCalendar && type === 'timestamp');
}

/** The value before the change is not known, nor whether there is one. */
function predictDiff(
  { field, whenAbsent }: TreeCondition,
  comparison: DiffComparison,
  after: JsonValue | undefined,
): boolean | undefined {
  const isAbsent = toKey(field.type, after) === undefined;
  if (isAbsent && comparison.kind !== 'changed' && comparison.kind !== 'changed_from') {
    return whenAbsent;
  }
  return isExcluded(comparison, field.type, after) && !whenAbsent ? false : undefined;
}

/** Whether the comparison fails for every value before the change. */
function isExcluded(comparison: DiffComparison, type: FieldType, after: JsonValue | undefined): boolean {
  switch (comparison.kind) {
    case 'changed_to':
      return toKey(type, after) !== comparison.key;
    case 'changed_from':
      return toKey(type, after) === comparison.key;
    case 'crossed': {
      const number = readNumber(after);
      const isBeyond =
        comparison.direction === 'up' ? number?.gt(comparison.threshold) : number?.lt(comparison.threshold);
      return !isBeyond;
    }
    case 'changed':
    case 'moved':
      return false;
  }
}
