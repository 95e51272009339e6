/** Compiles one condition into a function of the filter's input. */

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
