/** What each comparison of a value with the one before means. */
import type { Decimal } from 'decimal.js';
import type { DiffComparison } from './comparison.ts';
import type { FieldType, JsonValue } from './filter.ts';
import { keyOf, readNumber } from './values.ts';

type Outcome = boolean | undefined;

/**
 * Whatever the values are, it does not throw; `before` is null when there was none. undefined: a value that the
 * comparison needs is absent. `changed` needs either, `changed_to` the one after, `changed_from` the one before, the
 * others both.
 */
export type DiffTest = (after: JsonValue | undefined, before: JsonValue) => Outcome;

export function createDiffTest(comparison: DiffComparison, type: FieldType): DiffTest {
  switch (comparison.kind) {
    case 'changed':
      return onKeys(type, (after, before) =>
        after === undefined && before === undefined ? undefined : after !== before,
      );
    case 'changed_to':
      return onKeys(type, (after, before) =>
        after === undefined ? undefined : after === comparison.key && before !== comparison.key,
      );
    case 'changed_from':
      return onKeys(type, (after, before) =>
        before === undefined ? undefined : before === comparison.key && after !== comparison.key,
      );
    case 'moved':
      return onNumbers((after, before) => {
        const [low, high] = comparison.direction === 'up' ? [before, after] : [after, before];
        return high.minus(low).gte(comparison.amount);
      });
    case 'crossed': {
      const { threshold } = comparison;
      return comparison.direction === 'up'
        ? onNumbers((after, before) => before.lte(threshold) && after.gt(threshold))
        : onNumbers((after, before) => before.gte(threshold) && after.lt(threshold));
    }
  }
}

type Key = string | undefined;

function onKeys(type: FieldType, decide: (after: Key, before: Key) => Outcome): DiffTest {
  return (after, before) => decide(keyOf(type, after), keyOf(type, before));
}

function onNumbers(decide: (after: Decimal, before: Decimal) => boolean): DiffTest {
  return (after, before) => {
    const numbers = [readNumber(after), readNumber(before)] as const;
    return numbers[0] && numbers[1] && decide(numbers[0], numbers[1]);
  };
}
