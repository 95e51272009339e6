/**
 * Brings time cursors in line with a change: of a trigger, or of an athlete's dates or zone; in the
 * transaction of the change.
 */
import type { JsonValue } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { loadSubjects } from '../evaluation/load-subjects.ts';
import { loadAthleteOccurrences } from './athlete-occurrences.ts';
import { createTicks } from './recurring.ts';
import { addCursors, lockCursorsOf, type NewCursor, planChanged, removeCursors } from './time-cursors.ts';
import { readAthleteTriggers, readSchedule } from './time-triggers.ts';

/** The key of a trigger's own cursor, which passes over all athletes to create theirs. */
export const MAKING_CURSORS = '';

/**
 * For an activated trigger whose row has been flushed. Occurrences after `now` fire; earlier ones do not. The
 * scheduler creates the athletes' cursors page by page.
 */
export async function scheduleTrigger(
  tx: Transaction,
  trigger: { readonly id: string; readonly settings: unknown },
  now: Instant,
): Promise<void> {
  const schedule = readSchedule(trigger.settings as JsonValue);
  const own = { triggerId: trigger.id, userId: null };
  if (schedule.kind !== 'recurring_schedule') {
    await addCursors(tx, [{ ...own, occurrenceKey: MAKING_CURSORS, plannedAt: now }], 'REPLACE');
    return;
  }
  const tick = createTicks(schedule).next(now);
  if (tick !== undefined) {
    await addCursors(tx, [{ ...own, occurrenceKey: instantToText(tick), plannedAt: tick }], 'REPLACE');
  }
}

/** For a trigger that is no longer active, or whose schedule changed: removes its cursors. */
export async function unscheduleTrigger(
  { accountId, sql: db }: Transaction,
  triggerId: string,
): Promise<void> {
  // Cursors are created under the lock of the trigger's own cursor, so after its deletion the second
  // statement sees all of them.
  await sql`
    delete from time_cursors
    where account_id = ${accountId} and trigger_id = ${triggerId} and user_id is null`.execute(db);
  await sql`
    delete from time_cursors where account_id = ${accountId} and trigger_id = ${triggerId}`.execute(db);
}

/**
 * Plans the athlete's cursors from dates, zone and active triggers. `changedAt` is when the change was
 * accepted: later occurrences still fire. One query for accounts without such triggers.
 */
export async function rescheduleAthlete(
  tx: Transaction,
  userId: string,
  changedAt: Instant,
  limits: Pick<Limits, 'lateOccurrenceMs'>,
): Promise<void> {
  const { live } = await readAthleteTriggers(tx);
  if (live.size === 0) {
    return;
  }
  // Locked before the athlete is read: a cursor that another transaction processes has its final position
  // afterwards.
  const cursors = new Map((await lockCursorsOf(tx, userId)).map((cursor) => [cursor.triggerId, cursor]));
  const subject = (await loadSubjects(tx, [userId])).get(userId);
  const occurrencesOf = await loadAthleteOccurrences(tx, live.values(), {
    userIds: [userId],
    now: changedAt,
  });
  const planned = [...live.values()].flatMap((trigger): NewCursor[] => {
    const occurrences = occurrencesOf(trigger, subject);
    const key = cursors.get(trigger.id)?.occurrenceKey;
    const next = occurrences && planChanged(occurrences, key, changedAt, limits.lateOccurrenceMs);
    return next
      ? [{ triggerId: trigger.id, userId, occurrenceKey: next.key, plannedAt: next.plannedAt }]
      : [];
  });
  const kept = new Set(planned.map(({ triggerId }) => triggerId));
  const ended = [...cursors.values()].filter(({ triggerId }) => !kept.has(triggerId));
  await removeCursors(
    tx,
    ended.map(({ id }) => id),
  );
  await addCursors(tx, planned, 'REPLACE');
}

/**
 * After a change of the account's time zone: makes the cursors of athletes without a time zone due, so that the
 * scheduler plans each anew, page by page. An occurrence that the change moved into the past still fires while it
 * is not too late.
 */
export async function rescheduleByAccountZone(
  { accountId, sql: db }: Transaction,
  now: Instant,
): Promise<void> {
  await sql`
    update time_cursors c set due_at = least(c.due_at, ${instantToText(now)}::timestamptz)
    from users u
    where c.account_id = ${accountId} and u.account_id = c.account_id and u.id = c.user_id and u.time_zone is null`.execute(
    db,
  );
}
