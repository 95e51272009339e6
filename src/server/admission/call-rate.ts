/** How often each of many callers may call: a token bucket for each, forgotten when it has been quiet for longest. */

export interface CallRate {
  /** Counts a call. 0: it may go on; otherwise after how many milliseconds it may try again. */
  count(caller: string): number;
}

export interface CallRateLimits {
  /** 0: any number. */
  readonly perSecond: number;
  /** How many callers are remembered. */
  readonly callers: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** What a caller who has been quiet may do at once, in seconds of its rate. */
const BURST_SECONDS = 2;

/** `nowMs` tells a time that never goes back. */
export function createCallRate(
  { perSecond, callers }: CallRateLimits,
  nowMs: () => number = () => performance.now(),
): CallRate {
  const most = perSecond * BURST_SECONDS;
  /** Whoever called last is last. */
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
