/** Makes the cursors of a trigger that has begun to take part, a page of athletes at a time. */
import type { Limits } from '../../config.ts';
import type { Transaction } from '../../store/database.ts';
import { loadSubjects } from '../evaluation/load-subjects.ts';
import { loadAthleteOccurrences } from './athlete-occurrences.ts';
import { readAthletePage } from './athlete-pages.ts';
import { addCursors, advanceCursor, removeCursors, type TimeCursor } from './time-cursors.ts';
import type { TimeTrigger } from './time-triggers.ts';

/**
 * The trigger's own cursor is locked; it was planned when the trigger began to take part, and goes behind the last page.
 * A cursor that an athlete has by then was made after a change of the athlete, and stays.
 */
export async function makeCursors(
  tx: Transaction,
  cursor: TimeCursor,
  trigger: TimeTrigger,
  limits: Pick<Limits, 'timeCursorPageSize'>,
): Promise<void> {
  const { userIds, position } = await readAthletePage(tx, cursor.position, limits.timeCursorPageSize);
  const subjects = await loadSubjects(tx, userIds);
  const occurrencesOf = await loadAthleteOccurrences(tx, [trigger]);
  const made = userIds.flatMap((userId) => {
    const next = occurrencesOf(trigger, subjects.get(userId))?.next(cursor.plannedAt);
    return next
      ? [{ triggerId: trigger.id, userId, occurrenceKey: next.key, plannedAt: next.plannedAt }]
      : [];
  });
  await addCursors(tx, made, 'KEEP');
  await (position === undefined
    ? removeCursors(tx, [cursor.id])
    : advanceCursor(tx, cursor.id, cursor, position));
}
