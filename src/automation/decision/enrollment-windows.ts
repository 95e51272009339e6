/** Counts enrollments in spans of time. Times need no order, and an event may be older than what came before it. */
import type { Instant } from '../../values/instant.ts';

/** The time of an enrollment that is closer to the instant than `span`, on either side; undefined: none is. */
export function findCloserThan(times: readonly Instant[], at: Instant, span: bigint): Instant | undefined {
  return times.find((time) => distance(time, at) < span);
}

/** How many lie in the span that ends with the instant, which is part of it. */
export function countInWindowUntil(times: readonly Instant[], at: Instant, span: bigint): number {
  return times.filter((time) => time <= at && at - time < span).length;
}

/** The most that any span of this length around the instant has, not counting the instant itself. */
export function maxInAnyWindowAround(times: readonly Instant[], at: Instant, span: bigint): number {
  const near = times.filter((time) => distance(time, at) < span).sort((a, b) => (a < b ? -1 : 1));
  // A span can be moved on to the first enrollment in it, or to the instant, and loses none.
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
