/** Evaluates events in a transaction that holds their partition: loads the enrollment state, then decides. */
import type { Limits } from '../../config/config.ts';
import type { Transaction } from '../../store/database.ts';
import type { Instant } from '../../values/instant.ts';
import type { AcceptedEvent } from '../decision/accepted-event.ts';
import { decideAll, type Verdict } from '../decision/decide.ts';
import type { LoopLimits } from '../decision/decision-stages.ts';
import { matchEvent } from '../decision/match-event.ts';
import { canEnroll, loadEnrollmentState } from './load-enrollment-state.ts';
import { type EventCandidates, loadEventSubjects } from './load-event-subjects.ts';

export type EvaluationLimits = LoopLimits & Pick<Limits, 'explainedTriggers'>;

/**
 * Returns the verdicts in the order given. For an event with more than `explainedTriggers` candidates,
 * verdicts NOT_MATCHED are left out. `pending`: see loadEventSubjects. Locks the cap counters that may be incremented; writes nothing.
 */
export async function evaluateEvents(
  tx: Transaction,
  eventCandidates: readonly EventCandidates[],
  now: Instant,
  limits: EvaluationLimits,
  pending: readonly AcceptedEvent[] = [],
): Promise<Verdict[]> {
  const wanted = eventCandidates.filter(({ triggers }) => triggers.length > 0);
  if (wanted.length === 0) {
    return [];
  }
  const subjectOf = await loadEventSubjects(tx, wanted, pending);
  const matches = wanted.flatMap(({ event, triggers }) =>
    matchEvent(event, triggers, subjectOf(event), {
      isBrief: triggers.length > limits.explainedTriggers,
    }),
  );
  const decision = { now, limits };
  const state = await loadEnrollmentState(tx, matches.filter(canEnroll), decision, { locksCaps: true });
  return decideAll(matches, state, decision);
}
