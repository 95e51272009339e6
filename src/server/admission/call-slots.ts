/**
 * The slots of concurrent calls: a call without a slot is refused, and there are fewer slots under overload.
 */
import type { Limits } from '../../config/config.ts';
import { createKeyedLimiter, type Release } from '../../flow/keyed-limiter.ts';

/** The window in which admitted and refused calls are counted, in milliseconds. */
const COUNTED_MS = 1_000;

/** All callers share the slots, because the caller is not authenticated yet. */
const ALL_CALLS = '';

export interface CallSlots {
  /** The limit that refuses one more call; undefined when a slot is free. It is asked once for each call. */
  exceededLimit(): 'concurrentCalls' | 'overloadedCalls' | undefined;
  /** Takes a slot for a call; the call's end releases it. */
  take(): Release;
}

/** `nowMs` is a monotonic clock. */
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
      // Counts that are older than the window are dropped.
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
