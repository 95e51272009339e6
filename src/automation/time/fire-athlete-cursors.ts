/** Fires what is due for single athletes, and moves their cursors on. */
import type { Limits } from '../../config.ts';
import type { Instant } from '../../instant.ts';
import type { Transaction } from '../../store/database.ts';
import { loadSubjects } from '../evaluation/load-subjects.ts';
import { loadAthleteOccurrences } from './athlete-occurrences.ts';
import { type DuePlan, planDue } from './cursor-plan.ts';
import { type FiredOccurrence, writeOccurrences } from './occurrence-entries.ts';
import { type AthleteCursor, moveCursors, removeCursors } from './time-cursors.ts';
import type { TimeTrigger } from './time-triggers.ts';

const NOTHING: DuePlan = { fired: undefined, next: undefined };

/** The cursors are locked and due; those of triggers that take no part any more, or of athletes without the date, go. */
export async function fireAthleteCursors(
  tx: Transaction,
  cursors: readonly AthleteCursor[],
  triggers: ReadonlyMap<string, TimeTrigger>,
  now: Instant,
  limits: Pick<Limits, 'lateOccurrenceMs'>,
): Promise<void> {
  const subjects = await loadSubjects(
    tx,
    cursors.map(({ userId }) => userId),
  );
  const occurrencesOf = await loadAthleteOccurrences(tx, triggers.values());
  const fired: FiredOccurrence[] = [];
  const moves: Parameters<typeof moveCursors>[1][number][] = [];
  const ended: string[] = [];
  for (const cursor of cursors) {
    const { id, triggerId, userId } = cursor;
    const trigger = triggers.get(triggerId);
    const occurrences = trigger && occurrencesOf(trigger, subjects.get(userId));
    const plan = occurrences ? planDue(occurrences, cursor, now, limits.lateOccurrenceMs) : NOTHING;
    if (trigger && plan.fired) {
      fired.push({ trigger, userId, ...plan.fired });
    }
    if (plan.next) {
      moves.push({ id, occurrenceKey: plan.next.key, plannedAt: plan.next.plannedAt });
    } else {
      ended.push(id);
    }
  }
  await writeOccurrences(tx, fired, now);
  await moveCursors(tx, moves);
  await removeCursors(tx, ended);
}
