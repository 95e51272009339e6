/** The slots of calls: fewer while most calls are refused. */
import { expect, test } from 'vitest';
import { createCallSlots } from '../../../src/server/admission/call-slots.ts';

function createTestSlots() {
  let nowMs = 0;
  const releases: (() => void)[] = [];
  const slots = createCallSlots({ concurrentCalls: 6, overloadedCalls: 4 }, () => nowMs);
  return {
    ...slots,
    pass(ms: number) {
      nowMs += ms;
    },
    /** So many come; how many of them are admitted. */
    come(calls: number): number {
      let admitted = 0;
      for (let i = 0; i < calls; i += 1) {
        if (slots.exceededLimit() === undefined) {
          releases.push(slots.take());
          admitted += 1;
        }
      }
      return admitted;
    },
    end(calls: number) {
      for (const release of releases.splice(0, calls)) {
        release();
      }
    },
  };
}

test('as many calls are admitted as there are slots, and one more for each call that ends', () => {
  const slots = createTestSlots();
  expect(slots.come(10)).toBe(6);
  expect(slots.exceededLimit()).toBe('concurrentCalls');
  slots.end(2);
  expect(slots.come(10)).toBe(2);
});

test('when most calls have been refused for a second there are fewer slots, until most are admitted again', () => {
  const slots = createTestSlots();
  slots.come(20);
  slots.pass(1_000);
  slots.end(3);
  expect(slots.come(10)).toBe(1);
  expect(slots.exceededLimit()).toBe('overloadedCalls');

  slots.pass(1_000);
  slots.end(4);
  expect(slots.come(4)).toBe(4);
  slots.pass(1_000);
  expect(slots.come(2)).toBe(2);
});

test('a few refused calls do not reduce the slots', () => {
  const slots = createTestSlots();
  expect(slots.come(9)).toBe(6);
  slots.pass(1_000);
  slots.end(6);
  expect(slots.come(9)).toBe(6);
});

test('an overload of long ago is forgotten', () => {
  const slots = createTestSlots();
  slots.come(20);
  slots.end(6);
  slots.pass(2_000);
  expect(slots.come(6)).toBe(6);
});
