/** One condition's verdict, as a function of what the filter is evaluated against. */
import { isDiff } from './comparison.ts';
import { currentValueOf, previousValueOf } from './documents.ts';
import type { FilterInput, JsonValue } from './filter.ts';
import type { TreeCondition } from './filter-tree.ts';
import type { Subject } from './subject.ts';
import { createDiffTest, createValueTest } from './value-test.ts';

export type Matches = (subject: Subject) => boolean;

export function compileCondition({ field, comparison, isNegative, whenAbsent }: TreeCondition): Matches {
  const verdictOf = (outcome: boolean | undefined) =>
    outcome === undefined ? whenAbsent : outcome !== isNegative;
  if (!isDiff(comparison)) {
    const test = createValueTest(comparison, field);
    return (subject) => verdictOf(test(subject));
  }
  const test = createDiffTest(comparison, field.type);
  return ({ input }) => {
    const before = previousValueOf(field, input);
    // What the event does not say to have changed did not.
    return verdictOf(before === undefined ? undefined : test(currentValueOf(field, input), before));
  };
}

export interface ConditionVerdict {
  /** As in `filter.groups[0].conditions[1]`. */
  readonly path: string;
  readonly field: string;
  readonly operator: string;
  /** What the condition compares with; undefined: with nothing. */
  readonly expected: JsonValue | undefined;
  /** As it was found, or {previous, current} where both were compared; undefined: there is no such value. */
  readonly actual: JsonValue | undefined;
  readonly matched: boolean;
  /** Whether `actual` must be masked before others see it. */
  readonly isPersonal: boolean;
}

/** The condition's verdict with what decided it. */
export function explainCondition(
  condition: TreeCondition,
  input: FilterInput,
  matched: boolean,
): ConditionVerdict {
  const { path, source, field, comparison } = condition;
  return {
    path,
    field: source.field,
    operator: source.operator,
    expected: source.value,
    actual: isDiff(comparison) ? changeOf(condition, input) : currentValueOf(field, input),
    matched,
    isPersonal: field.isPersonal,
  };
}

function changeOf({ field }: TreeCondition, input: FilterInput): JsonValue | undefined {
  const current = currentValueOf(field, input);
  const previous = previousValueOf(field, input);
  if (current === undefined && previous === undefined) {
    return undefined;
  }
  return {
    ...(previous === undefined ? {} : { previous }),
    ...(current === undefined ? {} : { current }),
  };
}
