/** recurring_schedule: the instants of a cron text or an interval of days in a time zone. */
import { Cron } from 'croner';
import { dayNumberOf, microsOfTime, SECONDS_OF_DAY } from '../../values/civil-date.ts';
import type { Instant } from '../../values/instant.ts';
import { instantOfWall, offsetChangesIn, wallSecondsOf } from '../../values/zoned.ts';
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
  /** Whether clocks show a planned time at the instant; a time that a gap shifted is not shown. */
  isShown(instant: Instant): boolean;
  /** The last one after one instant, up to and including the other; undefined when there is none. */
  last(after: Instant, upTo: Instant): Instant | undefined;
}

const DAY = BigInt(SECONDS_OF_DAY) * 1_000_000n;

/**
 * A time in a DST gap is shifted behind it, and merged with an equal one. In an overlap a time of the day counts the
 * first time, and an interval goes on. Throws a TypeError for an invalid cron text.
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
    const again = isInterval(recurrence) ? repeatedTick(wallTicks, zone, after, found) : undefined;
    const first = again ?? found;
    return first !== undefined && isOnCalendars(first) ? first : undefined;
  };

  const isShown = (instant: Instant) => {
    const wall = wallSecondsOf(instant, zone);
    return wallTicks.after(wall - 1) === wall;
  };

  return { next, isShown, last: (after, upTo) => lastBetween(next, after, upTo) };
}

/** A cron text with `*` for the hour is an interval of elapsed time; all others are times of the day. */
function isInterval(recurrence: RecurringSchedule['recurrence']): boolean {
  return recurrence.kind === 'cron' && recurrence.text.split(' ')[1] === '*';
}

/**
 * The first tick after `after` and before `before` in an hour that clocks show for the second time, in which an
 * interval goes on.
 */
function repeatedTick(
  wallTicks: WallTicks,
  zone: string,
  after: Instant,
  before: Instant | undefined,
): Instant | undefined {
  const starts = offsetChangesIn(zone)
    .map(({ from }) => BigInt(from) * 1_000_000n - 1_000_000n)
    .filter((start) => start > after - DAY && (before === undefined || start < before));
  for (const start of starts) {
    const from = start > after ? start : after;
    // A second before a change, clocks still show the old offset.
    const offset = wallSecondsOf(from + 1_000_000n, zone) - Number((from + 1_000_000n) / 1_000_000n);
    const wall = wallTicks.after(Number(from / 1_000_000n) + offset);
    const tick = wall === undefined ? undefined : BigInt(wall - offset) * 1_000_000n;
    const isShown = tick !== undefined && wallSecondsOf(tick, zone) === wall && tick > after;
    if (isShown && (before === undefined || tick < before)) {
      return tick;
    }
  }
  return undefined;
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
