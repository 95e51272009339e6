/** The period of statistics, and its UTC days. */
import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { Limits } from '../../config/config.ts';
import { invalidFields } from '../../errors/domain-error.ts';
import { type Instant, instantOfField, instantToText } from '../../values/instant.ts';

/** With its start, without its end. */
export interface Period {
  readonly start: Instant;
  readonly end: Instant;
}

const DAY = 86_400_000_000n;
const DEFAULT_DAYS = 30n;

/** Without times: today and the 29 days before. VALIDATION_FAILED. */
export function readPeriod(
  request: { readonly startTime?: Timestamp | undefined; readonly endTime?: Timestamp | undefined },
  now: Instant,
  { statisticsDays }: Pick<Limits, 'statisticsDays'>,
): Period {
  const { startTime, endTime } = request;
  const end = endTime ? instantOfField(endTime, 'end_time') : now;
  const start = startTime
    ? instantOfField(startTime, 'start_time')
    : startOfDay(end) - (DEFAULT_DAYS - 1n) * DAY;
  if (start >= end) {
    throw invalidFields([{ field: 'start_time', description: 'must be before end_time' }]);
  }
  if (end - start > BigInt(statisticsDays) * DAY) {
    const description = `must be at most ${statisticsDays} days before end_time`;
    throw invalidFields([{ field: 'start_time', description }]);
  }
  return { start, end };
}

/** Each UTC day that the period touches, as `2026-11-20`. */
export function daysOf({ start, end }: Period): string[] {
  const days: string[] = [];
  for (let day = startOfDay(start); day < end; day += DAY) {
    days.push(instantToText(day).slice(0, 10));
  }
  return days;
}

function startOfDay(instant: Instant): Instant {
  return instant - (((instant % DAY) + DAY) % DAY);
}
