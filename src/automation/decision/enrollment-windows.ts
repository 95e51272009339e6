/**
 * Counts enrollments in time windows. The times need no order, and an event may be older than earlier
 * enrollments.
 */
import type { Instant } from '../../values/instant.ts';

/** Returns an enrollment time closer to the instant than `span` microseconds, before or after it. */
export function findCloserThan(times: readonly Instant[], at: Instant, span: bigint): Instant | undefined {
  return times.find((time) => distance(time, at) < span);
}

/**
 * Counts the times in the window of `span` microseconds that ends with the instant, including the instant.
 */
export function countInWindowUntil(times: readonly Instant[], at: Instant, span: bigint): number {
  return times.filter((time) => time <= at && at - time < span).length;
}

/**
 * The highest count in any window of `span` microseconds that contains the instant, not counting the instant
 * itself.
 */
export function maxInAnyWindowAround(times: readonly Instant[], at: Instant, span: bigint): number {
  const near = times.filter((time) => distance(time, at) < span).sort((a, b) => (a < b ? -1 : 1));
  // A window can start at its first enrollment, or at the instant, without losing any time.
  let most = near.filter((time) => time >= at).length;
  let end = 0;
  for (const [start, first] of near.entries()) {
    if (first > at) {
      break;
    }
    while (end < near.length && (near[end] ?? at) - first < span) {
      end += 1;
    }
    most = Math.max(most, end - start);
  }
  return most;
}

function distance(one: Instant, other: Instant): bigint {
  return one < other ? other - one : one - other;
}
