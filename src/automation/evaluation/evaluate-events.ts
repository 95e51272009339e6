/** Evaluates events in a transaction that holds their partition: loads the enrollment state, then decides. */
import type { Limits } from '../../config/config.ts';
import type { Transaction } from '../../store/database.ts';
import type { Instant } from '../../values/instant.ts';
import type { AcceptedEvent } from '../decision/accepted-event.ts';
import type { CompiledTrigger } from '../decision/compile-trigger.ts';
import { decideAll, type Verdict } from '../decision/decide.ts';
import type { LoopLimits } from '../decision/decision-stages.ts';
import { matchEvent } from '../decision/match-event.ts';
import { canEnroll, loadEnrollmentState } from './load-enrollment-state.ts';
import { loadSubjects } from './load-subjects.ts';

/** An event and the triggers that are decided for it. */
export interface EventCandidates {
  readonly event: AcceptedEvent;
  readonly triggers: readonly CompiledTrigger[];
}

export type EvaluationLimits = LoopLimits & Pick<Limits, 'explainedTriggers'>;

/**
 * Returns the verdicts in the order given. For an event with more than `explainedTriggers` candidates,
 * verdicts NOT_MATCHED are left out. Locks the cap counters that may be incremented; writes nothing.
 */
export async function evaluateEvents(
  tx: Transaction,
  eventCandidates: readonly EventCandidates[],
  now: Instant,
  limits: EvaluationLimits,
): Promise<Verdict[]> {
  const wanted = eventCandidates.filter(({ triggers }) => triggers.length > 0);
  if (wanted.length === 0) {
    return [];
  }
  const userIds = wanted.map(({ event }) => event.userId).filter((id) => id !== null);
  const subjects = await loadSubjects(tx, userIds);
  const matches = wanted.flatMap(({ event, triggers }) =>
    matchEvent(event, triggers, subjects.get(event.userId ?? '') ?? null, {
      isBrief: triggers.length > limits.explainedTriggers,
    }),
  );
  const decision = { now, limits };
  const state = await loadEnrollmentState(tx, matches.filter(canEnroll), decision, { locksCaps: true });
  return decideAll(matches, state, decision);
}
