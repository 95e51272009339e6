/** How long to wait before another attempt: exponential backoff with full jitter. */

export interface Backoff {
  /** The longest wait after the first failed attempt, in milliseconds; it doubles with each further one. */
  readonly firstMs: number;
  /** The longest wait, in milliseconds. */
  readonly longestMs: number;
  /** A number from 0 to below 1; default: Math.random. */
  readonly random?: () => number;
}

/**
 * Milliseconds to wait after the failed attempt number `attempt`, which counts from 1: any time from 0 to the doubled
 * `firstMs`, so that callers that failed together do not retry together.
 * Throws a RangeError for an attempt below 1.
 *
 * @example
 * await delay(backoffMs(attempt, { firstMs: 20, longestMs: 500 }));
 */
export function backoffMs(attempt: number, { firstMs, longestMs, random = Math.random }: Backoff): number {
  if (!(attempt >= 1)) {
    throw new RangeError(`attempts count from 1, not ${attempt}`);
  }
  return random() * Math.min(firstMs * 2 ** (attempt - 1), longestMs);
}
