/** Updates an athlete's cursors after a change of dates or zone, and for a new athlete. */
import type { Limits } from '../../config/config.ts';
import type { Transaction } from '../../store/database.ts';
import type { Instant } from '../../values/instant.ts';
import { loadSubjects } from '../evaluation/load-subjects.ts';
import { loadAthleteOccurrences } from './athlete-occurrences.ts';
import { planChanged } from './cursor-plan.ts';
import { addCursors, lockCursorsOf, type NewCursor, removeCursors } from './time-cursors.ts';
import { readAthleteTriggers } from './time-triggers.ts';

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
  const occurrencesOf = await loadAthleteOccurrences(tx, live.values());
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
