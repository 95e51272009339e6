/** Late, or too late. */
import { expect, test } from 'vitest';
import { timelinessOf } from '../../../src/automation/time/time-cursors.ts';
import { instantFromText } from '../../../src/values/instant.ts';

const DAY_MS = 24 * 60 * 60_000;
const PLANNED_AT = instantFromText('2026-07-13T09:00:00Z');

test.each([
  [-1n, 'EARLY'],
  [0n, 'DUE'],
  [86_400_000_000n, 'DUE'],
  [86_400_000_001n, 'MISSED'],
])('%s microseconds after it was planned: %s', (late, expected) => {
  expect(timelinessOf(PLANNED_AT, PLANNED_AT + late, DAY_MS)).toBe(expected);
});
