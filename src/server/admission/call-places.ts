/** The slots of calls: a call without one is refused, and there are fewer while most calls are refused. */
import type { Limits } from '../../config/config.ts';
import { createKeyedLimiter, type Release } from '../../flow/keyed-limiter.ts';

/** For so long admitted and refused calls are counted. */
const COUNTED_MS = 1_000;

/** The calls of all callers share the slots: who calls is found out later. */
const ALL_CALLS = '';

export interface CallSlots {
  /** Asked once for each call: the limit that it would exceed; undefined: a slot is free. */
  exceededLimit(): 'concurrentCalls' | 'overloadedCalls' | undefined;
  /** Takes a slot for a call that begins; the release is for its end. */
  take(): Release;
}

/** `nowMs` tells a time that never goes back. */
export function createCallSlots(
  limits: Pick<Limits, 'concurrentCalls' | 'overloadedCalls'>,
  nowMs: () => number = () => performance.now(),
): CallSlots {
  const limiter = createKeyedLimiter({ slots: limits.concurrentCalls });
  let admitted = 0;
  let refused = 0;
  let sinceMs = nowMs();
  let isOverloaded = false;

  function countAnew(): void {
    const elapsedMs = nowMs() - sinceMs;
    if (elapsedMs >= COUNTED_MS) {
      // What was counted long ago says nothing of now.
      isOverloaded = refused > admitted && elapsedMs < 2 * COUNTED_MS;
      admitted = 0;
      refused = 0;
      sinceMs += elapsedMs;
    }
  }
  return {
    exceededLimit() {
      countAnew();
      const limit = isOverloaded ? 'overloadedCalls' : 'concurrentCalls';
      if (limiter.taken() < limits[limit]) {
        return undefined;
      }
      refused += 1;
      return limit;
    },
    take() {
      admitted += 1;
      return limiter.take(ALL_CALLS);
    },
  };
}
