/** Exponential backoff with full jitter: the range of the wait, by attempt. */
import { describe, expect, test } from 'vitest';
import { backoffMs } from '../../src/flow/backoff.ts';

const ALMOST_ONE = 1 - 2 ** -53;

describe('the longest wait', () => {
  test.each([
    [1, 100],
    [2, 200],
    [3, 400],
    [6, 3_200],
    [7, 5_000],
    [60, 5_000],
    [5_000, 5_000],
  ])('after attempt %i is %i ms', (attempt, expected) => {
    const options = { firstMs: 100, longestMs: 5_000, random: () => ALMOST_ONE };
    expect(backoffMs(attempt, options)).toBeCloseTo(expected, 6);
  });

  test('is never above the longest, also when the first is', () => {
    expect(backoffMs(1, { firstMs: 900, longestMs: 500, random: () => 0.5 })).toBe(250);
  });
});

test('the wait is a random share of the longest, down to 0', () => {
  for (const share of [0, 0.25, 0.5]) {
    expect(backoffMs(3, { firstMs: 100, longestMs: 5_000, random: () => share })).toBe(share * 400);
  }
});

test('waits of the same attempt differ with the default random source', () => {
  const waits = Array.from({ length: 100 }, () => backoffMs(4, { firstMs: 100, longestMs: 5_000 }));
  expect(new Set(waits).size).toBeGreaterThan(90);
  expect(Math.min(...waits)).toBeLessThan(400);
  expect(Math.max(...waits)).toBeGreaterThan(400);
  expect(Math.max(...waits)).toBeLessThan(800);
});

test.each([0, -1, Number.NaN])('attempt %d is refused, as attempts count from 1', (attempt) => {
  expect(() => backoffMs(attempt, { firstMs: 100, longestMs: 5_000 })).toThrow(RangeError);
});
