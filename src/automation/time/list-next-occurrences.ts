/** ListNextOccurrences: when a time trigger fires for an athlete, before it does. */
import type { JsonValue, MessageInitShape } from '@bufbuild/protobuf';
import type { Limits } from '../../config/config.ts';
import { invalidFields } from '../../errors/domain-error.ts';
import {
  type ListNextOccurrencesRequest,
  type ListNextOccurrencesResponseSchema,
  OccurrenceShift,
} from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { userNotFound } from '../../store/lock-user.ts';
import { type Instant, instantToTimestamp } from '../../values/instant.ts';
import { instantOfWall, localDateOf, localTimeOf, wallSecondsOf } from '../../values/zoned.ts';
import { requireTrigger } from '../configuration/workflows.ts';
import { loadSubjects } from '../evaluation/load-subjects.ts';
import { loadAthleteOccurrences } from './athlete-occurrences.ts';
import { createTicks } from './recurring.ts';
import type { AthleteSchedule } from './time-schedule.ts';
import { readSchedule } from './time-triggers.ts';

/** The times after an instant, and whether clocks show the planned time then. */
interface Series {
  readonly timeZone: string;
  next(after: Instant): Instant | undefined;
  isShown(instant: Instant): boolean;
}

/**
 * Whether the trigger is active and its filter matches the athlete does not matter. TRIGGER_NOT_FOUND, USER_NOT_FOUND,
 * VALIDATION_FAILED for a trigger of another category.
 */
export async function listNextOccurrences(
  tx: Transaction,
  { triggerId, userId }: ListNextOccurrencesRequest,
  now: Instant,
  limits: Pick<Limits, 'nextOccurrences'>,
): Promise<MessageInitShape<typeof ListNextOccurrencesResponseSchema>> {
  const series = await loadSeries(tx, { triggerId, userId }, now);
  const found: Instant[] = [];
  for (
    let at = series?.next(now);
    series && at !== undefined && found.length < limits.nextOccurrences;
    at = series.next(at)
  ) {
    found.push(at);
  }
  return { occurrences: series ? found.map((at) => occurrenceMessage(at, series)) : [] };
}

/** undefined for an athlete without the date. */
async function loadSeries(
  tx: Transaction,
  { triggerId, userId }: { readonly triggerId: string; readonly userId: string },
  now: Instant,
): Promise<Series | undefined> {
  const stored = await requireTrigger(tx, triggerId);
  if (stored.triggerType !== 'time') {
    const description = `must be a trigger of the category time, and ${stored.triggerEvent} is none`;
    throw invalidFields([{ field: 'trigger_id', description }]);
  }
  const subject = (await loadSubjects(tx, [userId])).get(userId);
  if (!subject || subject.deletedAt !== null) {
    throw userNotFound(userId);
  }
  const schedule = readSchedule(stored.settings as JsonValue);
  if (schedule.kind === 'recurring_schedule') {
    return { timeZone: schedule.zone, ...createTicks(schedule) };
  }
  const filters = stored.filters as JsonValue;
  const trigger = { id: stored.id, event: stored.triggerEvent, filters, schedule };
  const occurrences = (await loadAthleteOccurrences(tx, [trigger], { userIds: [userId], now }))(
    trigger,
    subject,
  );
  const { timeZone } = subject;
  return (
    occurrences && {
      timeZone,
      next: (after) => occurrences.next(after)?.plannedAt,
      isShown: (instant) => showsTime(schedule, instant, timeZone),
    }
  );
}

function showsTime(schedule: AthleteSchedule, instant: Instant, timeZone: string): boolean {
  const at = 'at' in schedule ? schedule.at : undefined;
  return at === undefined || localTimeOf(instant, timeZone).startsWith(at);
}

function occurrenceMessage(at: Instant, { timeZone, isShown }: Series) {
  return {
    occursAt: instantToTimestamp(at),
    localTime: `${localDateOf(at, timeZone)}T${localTimeOf(at, timeZone).slice(0, 5)}`,
    timeZone,
    shift: isShown(at) ? repetitionOf(at, timeZone) : OccurrenceShift.GAP,
  };
}

const DAY = 86_400_000_000n;

/** Whether clocks show the time twice, and which one this is. */
function repetitionOf(at: Instant, timeZone: string): OccurrenceShift {
  const wall = wallSecondsOf(at, timeZone);
  if (instantOfWall(wall, timeZone) < at - (at % 1_000_000n)) {
    return OccurrenceShift.SECOND_OF_TWO;
  }
  // How far clocks are set back within a day.
  const back = BigInt(wall + 86_400 - wallSecondsOf(at + DAY, timeZone)) * 1_000_000n;
  return back > 0n && wallSecondsOf(at + back, timeZone) === wall
    ? OccurrenceShift.FIRST_OF_TWO
    : OccurrenceShift.NONE;
}
