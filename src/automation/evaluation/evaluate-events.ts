/** Evaluates events in a transaction that holds their partition: reads what verdicts depend on, then decides. */
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

/** An event, and the triggers to decide about it for. */
export interface EventCandidates {
  readonly event: AcceptedEvent;
  readonly triggers: readonly CompiledTrigger[];
}

export type EvaluationLimits = LoopLimits & Pick<Limits, 'explainedTriggers'>;

/**
 * The verdicts, in the order given; of more than `explainedTriggers` candidates of one event, not those that a filter
 * did not match. The counters of caps that they take places of are locked; nothing is written.
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
  const state = await loadEnrollmentState(tx, matches.filter(canEnroll), limits, { locksCaps: true });
  return decideAll(matches, state, now, limits);
}
