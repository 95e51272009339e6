/** recurring_schedule: the instants of a cron text or interval in a time zone. */

import { SECONDS_OF_DAY } from '../../values/civil-date.ts';
import type { Instant } from '../../values/instant.ts';
import { instantOfWall, wallSecondsOf } from '../../values/zoned.ts';
import { isOnCalendars } from './occurrence.ts';
import type { RecurringSchedule } from './time-schedule.ts';
import { createCronTicks, createEveryTicks } from './wall-clock.ts';

export interface Ticks {
  /** The first one after the instant; undefined when there is none. */
  next(after: Instant): Instant | undefined;
  /** The last one after one instant, up to and including the other; undefined when there is none. */
  last(after: Instant, upTo: Instant): Instant | undefined;
}

const DAY = BigInt(SECONDS_OF_DAY) * 1_000_000n;

/**
 * A time in a DST gap is shifted behind it, and merged with an equal one. Throws a TypeError for an invalid
 * cron text.
 */
export function createTicks({ zone, recurrence }: RecurringSchedule): Ticks {
  const wallTicks =
    recurrence.kind === 'cron' ? createCronTicks(recurrence.text) : createEveryTicks(recurrence);

  const next = (after: Instant): Instant | undefined => {
    let found: Instant | undefined;
    let wall = wallTicks.after(earliestWall(after, zone));
    // Behind a gap, a later wall time can come before an earlier one that was shifted.
    while (wall !== undefined && (found === undefined || wall < wallSecondsOf(found, zone))) {
      const instant = instantOfWall(wall, zone);
      if (instant > after && (found === undefined || instant < found)) {
        found = instant;
      }
      wall = wallTicks.after(wall);
    }
    return found !== undefined && isOnCalendars(found) ? found : undefined;
  };

  return { next, last: (after, upTo) => lastBetween(next, after, upTo) };
}

/** The wall time to start from: no gap that still shifts ticks is longer than a day. */
function earliestWall(after: Instant, zone: string): number {
  return Math.min(wallSecondsOf(after, zone), wallSecondsOf(after - DAY, zone) + SECONDS_OF_DAY);
}

/**
 * Searches backwards from the end: a schedule of every minute that was down for a year has half a million
 * ticks.
 */
function lastBetween(next: Ticks['next'], after: Instant, upTo: Instant): Instant | undefined {
  for (let span = DAY; upTo - span > after; span *= 2n) {
    const last = lastFrom(next, upTo - span, upTo);
    if (last !== undefined) {
      return last;
    }
  }
  return lastFrom(next, after, upTo);
}

function lastFrom(next: Ticks['next'], after: Instant, upTo: Instant): Instant | undefined {
  let last: Instant | undefined;
  for (let tick = next(after); tick !== undefined && tick <= upTo; tick = next(tick)) {
    last = tick;
  }
  return last;
}
