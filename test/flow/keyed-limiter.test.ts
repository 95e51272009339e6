/** The keyed limiter: a limit in total, and a limit per key. */
import { expect, test } from 'vitest';
import { createKeyedLimiter } from '../../src/flow/keyed-limiter.ts';

test('a key has its own slots, within the total', () => {
  const limiter = createKeyedLimiter({ slots: 3, slotsPerKey: 2 });
  limiter.take('a');
  expect(limiter.exceeded('a')).toBeUndefined();
  const release = limiter.take('a');
  expect(limiter.exceeded('a')).toBe('slotsPerKey');
  expect(limiter.exceeded('b')).toBeUndefined();

  limiter.take('b');
  expect(limiter.exceeded('b')).toBe('slots');
  expect(limiter.exceeded('a')).toBe('slotsPerKey');
  expect(limiter.taken()).toBe(3);

  release();
  expect(limiter.exceeded('a')).toBeUndefined();
  expect(limiter.exceeded('b')).toBeUndefined();
});

test('without a limit per key, a key may take all slots', () => {
  const limiter = createKeyedLimiter({ slots: 2 });
  limiter.take('a');
  limiter.take('a');
  expect(limiter.exceeded('a')).toBe('slots');
});

test('a slot that is released twice is freed once', () => {
  const limiter = createKeyedLimiter({ slots: 2, slotsPerKey: 1 });
  const release = limiter.take('a');
  limiter.take('b');
  release();
  release();
  expect(limiter.taken()).toBe(1);
  expect(limiter.exceeded('a')).toBeUndefined();
  limiter.take('a');
  expect(limiter.exceeded('c')).toBe('slots');
});
