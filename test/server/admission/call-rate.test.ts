/** Token buckets in a time of their own. */
import { describe, expect, test } from 'vitest';
import { createCallRate } from '../../../src/server/admission/rate-interceptors.ts';

function createRate({ perSecond = 10, callers = 100 } = {}) {
  const clock = { ms: 0 };
  const rate = createCallRate({ perSecond, callers }, () => clock.ms);
  const countMany = (caller: string, times: number) =>
    Array.from({ length: times }, () => rate.count(caller)).filter((delayMs) => delayMs === 0).length;
  return { clock, rate, countMany };
}

describe('a caller', () => {
  test('may do two seconds of its rate at once, and then its rate', () => {
    const { clock, rate, countMany } = createRate();
    expect(countMany('one', 50)).toBe(20);
    clock.ms += 1_000;
    expect(countMany('one', 50)).toBe(10);
    clock.ms += 3_600_000;
    expect(countMany('one', 50)).toBe(20);
    expect(rate.count('one')).toBe(100);
  });

  test('is told after how long the next call succeeds, to the millisecond', () => {
    const { clock, rate, countMany } = createRate({ perSecond: 3 });
    countMany('one', 6);
    const delayMs = rate.count('one');
    expect(delayMs).toBe(334);
    clock.ms += delayMs - 1;
    expect(rate.count('one')).toBe(1);
    clock.ms += 1;
    expect(rate.count('one')).toBe(0);
  });

  test('does not lose calls by calling too often', () => {
    const { clock, countMany } = createRate();
    countMany('one', 20);
    let succeeded = 0;
    for (let i = 0; i < 100; i += 1) {
      clock.ms += 10;
      succeeded += countMany('one', 5);
    }
    expect(succeeded).toBeGreaterThanOrEqual(9);
    expect(succeeded).toBeLessThanOrEqual(10);
  });

  test('does not use up the rate of another caller', () => {
    const { countMany } = createRate();
    expect(countMany('one', 50)).toBe(20);
    expect(countMany('two', 50)).toBe(20);
  });

  test('uses up its rate with a batch as with the calls that it stands for', () => {
    const { clock, rate, countMany } = createRate();
    expect(rate.count('one', 15)).toBe(0);
    expect(countMany('one', 50)).toBe(5);
    expect(rate.count('one', 20)).toBe(2_000);

    clock.ms += 2_000;
    expect(rate.count('one', 100)).toBe(0);
    clock.ms += 8_000;
    expect(countMany('one', 50)).toBe(0);
    clock.ms += 100;
    expect(countMany('one', 50)).toBe(1);
  });

  test('may call any number of times when the rate is 0', () => {
    expect(createRate({ perSecond: 0 }).countMany('one', 10_000)).toBe(10_000);
  });
});

test('the caller that has been idle longest is forgotten when there are too many', () => {
  const { countMany } = createRate({ callers: 2 });
  countMany('busy', 20);
  countMany('quiet', 20);
  countMany('busy', 1);
  countMany('new', 1);
  expect(countMany('busy', 1)).toBe(0);
  expect(countMany('quiet', 1)).toBe(1);
});
