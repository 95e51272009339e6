/** Estimates the queue's service rate (exponentially decayed) to predict a newcomer's waiting time. */

/** After this time a measurement has a weight of 1/e. */
const TIME_CONSTANT_MS = 1_000;

export interface ServiceRate {
  /** So many commands left the queue now. Until the next call time counts only if others are left that could have. */
  took(count: number, isAnyLeft: boolean, nowMs: number): void;
  /** The waiting time of a newcomer behind so many, in milliseconds; 0 as long as nothing is known. */
  waitMs(ahead: number): number;
}

export function createServiceRate(): ServiceRate {
  let took = 0;
  let tookMs = 0;
  /** Since when commands are left; undefined: none were, and the time until the next call says nothing of the rate. */
  let sinceMs: number | undefined;
  return {
    took(count, isAnyLeft, nowMs) {
      if (sinceMs !== undefined) {
        const elapsedMs = nowMs - sinceMs;
        const weight = Math.exp(-elapsedMs / TIME_CONSTANT_MS);
        took = took * weight + count;
        tookMs = tookMs * weight + elapsedMs;
      }
      sinceMs = isAnyLeft ? nowMs : undefined;
    },
    waitMs: (ahead) => (took > 0 ? (ahead * tookMs) / took : 0),
  };
}
