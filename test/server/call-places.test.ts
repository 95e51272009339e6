/** Places for calls: as many as fit, and fewer while most who come are sent away. */
import { expect, test } from 'vitest';
import { createCallPlaces } from '../../src/server/call-places.ts';

function createPlaces() {
  let nowMs = 0;
  const places = createCallPlaces({ concurrentCalls: 6, overloadedCalls: 4 }, () => nowMs);
  return {
    ...places,
    pass(ms: number) {
      nowMs += ms;
    },
    /** So many come; how many of them are let in. */
    come(calls: number): number {
      let letIn = 0;
      for (let i = 0; i < calls; i += 1) {
        if (places.exceededLimit() === undefined) {
          places.take();
          letIn += 1;
        }
      }
      return letIn;
    },
    end(calls: number) {
      for (let i = 0; i < calls; i += 1) {
        places.leave();
      }
    },
  };
}

test('as many calls fit as are allowed, and another one for each that ends', () => {
  const places = createPlaces();
  expect(places.come(10)).toBe(6);
  expect(places.exceededLimit()).toBe('concurrentCalls');
  places.end(2);
  expect(places.come(10)).toBe(2);
});

test('once most were sent away for a second, fewer fit, until most are let in again', () => {
  const places = createPlaces();
  places.come(20);
  places.pass(1_000);
  places.end(3);
  expect(places.come(10)).toBe(1);
  expect(places.exceededLimit()).toBe('overloadedCalls');

  places.pass(1_000);
  places.end(4);
  expect(places.come(4)).toBe(4);
  places.pass(1_000);
  expect(places.come(2)).toBe(2);
});

test('a few who are sent away leave as many places as before', () => {
  const places = createPlaces();
  expect(places.come(9)).toBe(6);
  places.pass(1_000);
  places.end(6);
  expect(places.come(9)).toBe(6);
});

test('an overload of long ago is forgotten', () => {
  const places = createPlaces();
  places.come(20);
  places.end(6);
  places.pass(2_000);
  expect(places.come(6)).toBe(6);
});
