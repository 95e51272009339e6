/** Counting in spans of time. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countInWindowUntil,
  findCloserThan,
  maxInAnyWindowAround,
} from '../../../src/automation/decision/enrollment-windows.ts';

describe('the most in any span around an instant', () => {
  test.each([
    { name: 'nobody', times: [], most: 0 },
    { name: 'what lies a span back or ahead', times: [90n, 110n], most: 0 },
    { name: 'one just within', times: [91n], most: 1 },
    { name: 'one just within, ahead', times: [109n], most: 1 },
    { name: 'the instant itself, again', times: [100n], most: 1 },
    { name: 'those on both sides that one span reaches', times: [96n, 104n], most: 2 },
    { name: 'not those on both sides that no span reaches', times: [92n, 108n], most: 1 },
    { name: 'the fuller side', times: [92n, 93n, 105n], most: 2 },
  ])('counts $name', ({ times, most }) => {
    expect(maxInAnyWindowAround(times, 100n, 10n)).toBe(most);
  });

  test('is what looking at every span gives', () => {
    const times = fc.array(fc.bigInt({ min: 0n, max: 60n }), { maxLength: 30 });
    fc.assert(
      fc.property(
        times,
        fc.bigInt({ min: 0n, max: 60n }),
        fc.bigInt({ min: 1n, max: 30n }),
        (all, at, span) => {
          const counts = Array.from({ length: Number(span) }, (_, back) => {
            const start = at - BigInt(back);
            return all.filter((time) => time >= start && time < start + span).length;
          });
          expect(maxInAnyWindowAround(all, at, span)).toBe(Math.max(...counts));
        },
      ),
    );
  });
});

test('the span until an instant has it, and ends before its own beginning', () => {
  expect(countInWindowUntil([90n, 91n, 100n, 101n], 100n, 10n)).toBe(2);
});

test('an enrollment is close on either side', () => {
  expect(findCloserThan([90n, 110n], 100n, 10n)).toBeUndefined();
  expect(findCloserThan([91n], 100n, 10n)).toBe(91n);
  expect(findCloserThan([109n], 100n, 10n)).toBe(109n);
  expect(findCloserThan([100n], 100n, 0n)).toBeUndefined();
});
