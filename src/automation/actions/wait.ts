/** Action wait: delays the next step. */

import { addDays, type CivilTime } from '../../values/civil-date.ts';
import { type Instant, instantFromTimestamp } from '../../values/instant.ts';
import { firstTimeZone, instantOfLocal, localDateOf } from '../../values/zoned.ts';
import type { ActionType } from './step.ts';

export const wait: ActionType<'wait'> = {
  kind: 'WAIT',
  until({ wait: { case: kind, value } }, { timeZones }, now) {
    switch (kind) {
      case 'duration':
        return now + instantFromTimestamp(value);
      case 'until':
        return instantFromTimestamp(value);
      case 'untilLocalTime':
        return nextLocalTime(value, firstTimeZone(...timeZones), now);
      case undefined:
        throw new TypeError('a wait without an end');
    }
  },
};

/** The instant itself when it matches. */
function nextLocalTime(time: CivilTime, zone: string, now: Instant): Instant {
  const today = localDateOf(now, zone);
  const atTime = instantOfLocal(today, time, zone);
  return atTime >= now ? atTime : instantOfLocal(addDays(today, 1) ?? today, time, zone);
}
