/** Every so many days from a first one on, at a time of day. */
import { dayNumberOf, microsOfTime, SECONDS_OF_DAY } from './civil-date.ts';
import type { Every } from './time-schedule.ts';
import type { WallTicks } from './wall-ticks.ts';

export function createEveryTicks({ days, at, startingOn }: Every): WallTicks {
  const first = dayNumberOf(startingOn) * SECONDS_OF_DAY + Math.floor(microsOfTime(at) / 1e6);
  const length = days * SECONDS_OF_DAY;
  return {
    after: (wallSeconds) =>
      wallSeconds < first ? first : first + (Math.floor((wallSeconds - first) / length) + 1) * length,
  };
}
