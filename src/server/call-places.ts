/** How many calls are under way, and whether another one fits: fewer do while most are sent away. */
import type { Limits } from '../config.ts';

/** For so long it is counted how many are let in, and how many are sent away. */
const COUNTED_MS = 1_000;

export interface CallPlaces {
  /** Asked for each call that comes: the limit that it would exceed; undefined: it fits. */
  exceededLimit(): 'concurrentCalls' | 'overloadedCalls' | undefined;
  /** A call begins. */
  take(): void;
  /** It has ended. */
  leave(): void;
}

/** `nowMs` tells a time that never goes back. */
export function createCallPlaces(
  limits: Pick<Limits, 'concurrentCalls' | 'overloadedCalls'>,
  nowMs: () => number = () => performance.now(),
): CallPlaces {
  let running = 0;
  let letIn = 0;
  let sentAway = 0;
  let sinceMs = nowMs();
  let isOverloaded = false;

  function countAnew(): void {
    const elapsedMs = nowMs() - sinceMs;
    if (elapsedMs >= COUNTED_MS) {
      // What was counted long ago says nothing of now.
      isOverloaded = sentAway > letIn && elapsedMs < 2 * COUNTED_MS;
      letIn = 0;
      sentAway = 0;
      sinceMs += elapsedMs;
    }
  }
  return {
    exceededLimit() {
      countAnew();
      const limit = isOverloaded ? 'overloadedCalls' : 'concurrentCalls';
      if (running < limits[limit]) {
        return undefined;
      }
      sentAway += 1;
      return limit;
    },
    take() {
      running += 1;
      letIn += 1;
    },
    leave() {
      running -= 1;
    },
  };
}
