/** One condition's verdict, as a function of what the filter is evaluated against. */

import { createDiffTest, createValueTest } from './compile-comparison.ts';
import { isDiff } from './condition-comparison.ts';
import { readCurrentValue, readPreviousValue } from './document-fields.ts';
import type { FilterInput, JsonValue } from './filter.ts';
import type { FilterSubject } from './filter-subject.ts';
import type { TreeCondition } from './filter-tree.ts';

export type Matches = (subject: FilterSubject) => boolean;

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
    // What the event does not say to have changed did not.
    return toVerdict(before === undefined ? undefined : test(readCurrentValue(field, input), before));
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
