/** Evaluates events of the log for triggers that have no verdict on them yet. */

import type { Transaction } from '../../store/database.ts';
import type { Instant } from '../../values/instant.ts';
import type { CompiledTrigger } from '../decision/compile-trigger.ts';
import type { Verdict } from '../decision/decide.ts';
import { toEvaluation } from '../decision/evaluation-outcomes.ts';
import { type EvaluationLimits, evaluateEvents } from '../evaluation/evaluate-events.ts';
import type { RetryLimits } from '../evaluation/write-dead-letters.ts';
import { writeVerdicts } from '../evaluation/write-verdicts.ts';
import { addEvaluations, type StoredEvent } from './stored-events.ts';

/** An event of the log and the triggers that need a verdict on it. */
export interface StoredEventCandidates {
  readonly stored: StoredEvent;
  readonly triggers: readonly CompiledTrigger[];
}

/**
 * Evaluates the events with their own time as the present. The caller has locked the athletes' partitions.
 * Returns all verdicts; records them all, except repeated errors of a trigger that had failed on the event
 * before.
 */
export async function evaluateStoredEvents(
  tx: Transaction,
  eventCandidates: readonly StoredEventCandidates[],
  recording: {
    readonly kind: 'LIVE' | 'REPLAY';
    readonly now: Instant;
    readonly limits: EvaluationLimits & RetryLimits;
  },
): Promise<Verdict[]> {
  const wanted = eventCandidates.map(({ stored, triggers }) => ({ event: stored.event, triggers }));
  const verdicts = await evaluateEvents(tx, wanted, recording.now, recording.limits);
  const failed = new Set(eventCandidates.flatMap(({ stored }) => listFailedTriggers(stored)));
  const recorded = verdicts.filter(
    (verdict) => verdict.reason !== 'ERROR' || !failed.has(toEventTriggerKey(verdict)),
  );
  const enrollmentIds = await writeVerdicts(tx, recorded, recording);
  const byEvent = Map.groupBy(recorded, ({ match }) => match.event.id);
  await addEvaluations(
    tx,
    eventCandidates.flatMap(({ stored }) => {
      const ofEvent = byEvent.get(stored.event.id);
      return ofEvent ? [{ stored, evaluation: toEvaluation(ofEvent, enrollmentIds) }] : [];
    }),
  );
  return verdicts;
}

function listFailedTriggers({ event, evaluations }: StoredEvent): string[] {
  const outcomes = evaluations.flatMap((evaluation) => evaluation.outcomes);
  return outcomes
    .filter(({ reason }) => reason === 'ERROR')
    .map(({ triggerId }) => `${event.id} ${triggerId}`);
}

function toEventTriggerKey({ match }: Verdict): string {
  return `${match.event.id} ${match.trigger.id}`;
}
