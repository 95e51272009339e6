/** Repeating wall-clock times, without a time zone: cron texts, and intervals of days. */
import { Cron } from 'croner';
import { dayNumberOf, microsOfTime, SECONDS_OF_DAY } from '../../values/civil-date.ts';
import type { Every } from './time-schedule.ts';

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

export function createEveryTicks({ days, at, startingOn }: Every): WallTicks {
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
