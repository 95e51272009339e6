/** Ids in the order in which they were made. */
import { validate, version } from 'uuid';
import { expect, test } from 'vitest';
import { newId } from '../../src/values/new-id.ts';

test('every id is a UUIDv7, greater than the one before it, also within a millisecond', () => {
  const ids = Array.from({ length: 20_000 }, newId);

  expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
});

test('an id starts with the time at which it was made', () => {
  const before = Date.now();
  const ms = Number.parseInt(newId().replace('-', '').slice(0, 12), 16);

  expect(ms).toBeGreaterThanOrEqual(before);
  expect(ms).toBeLessThanOrEqual(Date.now() + 1);
});
