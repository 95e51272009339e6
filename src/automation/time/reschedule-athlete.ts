/** Follows a change of an athlete's dates or zone, and the arrival of a new athlete. */
import type { Limits } from '../../config/config.ts';
import type { Transaction } from '../../store/database.ts';
import type { Instant } from '../../values/instant.ts';
import { loadSubjects } from '../evaluation/load-subjects.ts';
import { loadAthleteOccurrences } from './athlete-occurrences.ts';
import { planChanged } from './cursor-plan.ts';
import { addCursors, lockCursorsOf, type NewCursor, removeCursors } from './time-cursors.ts';
import { readAthleteTriggers } from './time-triggers.ts';

/**
 * Puts the athlete's cursors where dates, zone and the triggers that take part say. `changedAt` is when the change was
 * accepted: what is planned after it still comes. One read for accounts without such triggers.
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
  // Before the athlete is read: a cursor that another transaction is on stands where that one leaves it.
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
