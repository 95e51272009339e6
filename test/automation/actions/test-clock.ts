/** A clock that the test advances. */
import { type Clock, type Instant, instantFromText } from '../../../src/values/instant.ts';

export interface TestClock {
  readonly now: Clock;
  advance(ms: number): void;
}

export const START = '2026-11-20T12:00:00.000000Z';

export function createTestClock(start = START): TestClock {
  let at: Instant = instantFromText(start);
  return {
    now: () => at,
    advance(ms) {
      at += BigInt(ms) * 1000n;
    },
  };
}
