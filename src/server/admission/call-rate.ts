/** A token bucket for each caller; the callers that have been idle longest are forgotten first. */

export interface CallRate {
  /** Counts a call. Returns 0 when it is admitted, else the milliseconds until a retry can succeed. */
  count(caller: string): number;
}

export interface CallRateLimits {
  /** 0: no limit. */
  readonly perSecond: number;
  /** The number of callers that are remembered. */
  readonly callers: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** The burst of a caller that has been idle, in seconds of its rate. */
const BURST_SECONDS = 2;

/** `nowMs` is a monotonic clock. */
export function createCallRate(
  { perSecond, callers }: CallRateLimits,
  nowMs: () => number = () => performance.now(),
): CallRate {
  const most = perSecond * BURST_SECONDS;
  /** Moves the caller to the end, so that iteration starts at the caller that has been idle longest. */
  const buckets = new Map<string, Bucket>();

  function bucketOf(caller: string): Bucket {
    const atMs = nowMs();
    const known = buckets.get(caller);
    buckets.delete(caller);
    const refill = known ? ((atMs - known.atMs) * perSecond) / 1000 : 0;
    const bucket = { tokens: Math.min(most, (known?.tokens ?? most) + refill), atMs };
    buckets.set(caller, bucket);
    forgetQuietest();
    return bucket;
  }
  function forgetQuietest(): void {
    const [quietest] = buckets.keys();
    if (quietest !== undefined && buckets.size > callers) {
      buckets.delete(quietest);
    }
  }
  return {
    count(caller) {
      if (perSecond === 0) {
        return 0;
      }
      const bucket = bucketOf(caller);
      if (bucket.tokens >= 1) {
        bucket.tokens -= 1;
        return 0;
      }
      return Math.ceil(((1 - bucket.tokens) * 1000) / perSecond);
    },
  };
}
