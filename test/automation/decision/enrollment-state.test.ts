/** Counting enrollments in time windows. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countInWindowUntil,
  findCloserThan,
  maxInAnyWindowAround,
} from '../../../src/automation/decision/enrollment-state.ts';

describe('the highest count in any window around an instant', () => {
  test.each([
    { name: 'no times', times: [], most: 0 },
    { name: 'no times a full window before or after', times: [90n, 110n], most: 0 },
    { name: 'a time just inside before the instant', times: [91n], most: 1 },
    { name: 'a time just inside after the instant', times: [109n], most: 1 },
    { name: 'an equal time', times: [100n], most: 1 },
    { name: 'times on both sides that one window covers', times: [96n, 104n], most: 2 },
    { name: 'only one of two times that no window covers together', times: [92n, 108n], most: 1 },
    { name: 'the side with more times', times: [92n, 93n, 105n], most: 2 },
  ])('includes $name', ({ times, most }) => {
    expect(maxInAnyWindowAround(times, 100n, 10n)).toBe(most);
  });

  test('equals the maximum over all windows', () => {
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

test('the window until an instant includes the instant and excludes its start', () => {
  expect(countInWindowUntil([90n, 91n, 100n, 101n], 100n, 10n)).toBe(2);
});

test('an enrollment is closer than the distance before or after the instant', () => {
  expect(findCloserThan([90n, 110n], 100n, 10n)).toBeUndefined();
  expect(findCloserThan([91n], 100n, 10n)).toBe(91n);
  expect(findCloserThan([109n], 100n, 10n)).toBe(109n);
  expect(findCloserThan([100n], 100n, 0n)).toBeUndefined();
});
