/** recurring_schedule: the instants of a cron text or an interval of days in a time zone. */
import { Cron } from 'croner';
import { dayNumberOf, microsOfTime, SECONDS_OF_DAY } from '../../values/civil-date.ts';
import type { Instant } from '../../values/instant.ts';
import { instantOfWall, wallSecondsOf } from '../../values/zoned.ts';
import { isOnCalendars } from './occurrence.ts';
import type { Every, RecurringSchedule } from './time-schedule.ts';

/** The accepted cron format, for error messages. */
export const CRON_DESCRIPTION =
  'must be five fields, minute, hour, day of month, month and day of week, such as "30 6 * * 1-5": each *, ' +
  'numbers, names (JAN, MON), ranges (1-5) and steps (*/15, 8-18/2), joined by commas';

const MOST_CHARACTERS = 256;

const VALUE = String.raw`(?:\d{1,2}|[A-Za-z]{3})`;
const ITEM = String.raw`(?:\*(?:\/\d{1,2})?|${VALUE}(?:-${VALUE}(?:\/\d{1,2})?)?)`;
const FIELD = `${ITEM}(?:,${ITEM})*`;
const FIVE_FIELDS = new RegExp(`^${FIELD}(?: ${FIELD}){4}$`);

/**
 * The wall times of a cron text. Day of month and day of week are combined by OR unless one is `*`; 0 and 7
 * are Sunday. Throws a TypeError that says what is allowed, also for a text without any occurrence.
 */
export function createCronTicks(text: string): WallTicks {
  const cron = parseCron(text);
  const after = (wallSeconds: number) => {
    const next = cron.nextRun(new Date(wallSeconds * 1000));
    return next ? next.getTime() / 1000 : undefined;
  };
  if (after(0) === undefined) {
    throw new TypeError('names a day that never comes, such as 30 February');
  }
  return { after };
}

/** These clocks have no time zone, so nothing is skipped; DST is handled by the caller. */
function parseCron(text: string): Cron {
  if (text.length > MOST_CHARACTERS || !FIVE_FIELDS.test(text)) {
    throw new TypeError(CRON_DESCRIPTION);
  }
  try {
    return new Cron(text, { mode: '5-part', utcOffset: 0 });
  } catch (error) {
    throw new TypeError(CRON_DESCRIPTION, { cause: error });
  }
}

function createEveryTicks({ days, at, startingOn }: Every): WallTicks {
  const first = dayNumberOf(startingOn) * SECONDS_OF_DAY + Math.floor(microsOfTime(at) / 1e6);
  const length = days * SECONDS_OF_DAY;
  return {
    after: (wallSeconds) =>
      wallSeconds < first ? first : first + (Math.floor((wallSeconds - first) / length) + 1) * length,
  };
}

/** Wall times are seconds since 1970, as if the clock showed UTC. */
export interface WallTicks {
  /** The first one after this time; undefined when there is none. */
  after(wallSeconds: number): number | undefined;
}

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
