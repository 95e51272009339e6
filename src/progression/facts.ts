/** What is true after an event, as the event stream carries it; the names are those of the event catalogue. */

import { instantToText } from '../instant.ts';
import type { Fact } from '../store/entities/outbox-entry.ts';
import { fact } from '../store/outbox.ts';
import type { HandledEvent, StoredSet } from './trigger-command.ts';
import { isFailedSet, type TriggerEvent } from './trigger-event.ts';

/** The facts of a handled event: what happened first, then what it changed, in order. */
export function factsOf(handled: HandledEvent): Fact[] {
  const { event, plan, programId, logIds } = handled;
  const changes = plan.results.flatMap((result, index) => {
    const { application } = result;
    if (!application) {
      return [];
    }
    const shared = {
      liftId: result.liftId,
      maxType: result.maxType,
      previousValue: application.previousValue.toFixed(),
      newValue: application.newValue.toFixed(),
      delta: application.newValue.minus(application.previousValue).toFixed(),
      logId: logIds[index],
    };
    const applied = {
      programId,
      progressionId: result.progressionId,
      triggerType: result.triggerType,
      ...shared,
    };
    return [
      fact('progression_applied', applied),
      fact('lift_max_changed', { version: application.version, source: 'PROGRESSION', ...shared }),
    ];
  });
  return [...eventFacts(event, handled), ...changes];
}

function eventFacts(event: TriggerEvent, { sets }: HandledEvent): Fact[] {
  const { type, ...data } = event.detail;
  switch (type) {
    case 'SESSION_COMPLETED':
      return [fact('session_completed', data)];
    case 'WEEK_ADVANCED':
      return [fact('week_advanced', data)];
    case 'CYCLE_COMPLETED':
      return [fact('cycle_completed', data)];
    case 'SETS_LOGGED':
      return sets
        .filter(({ isAlreadyLogged }) => !isAlreadyLogged)
        .flatMap(({ set }) => setFacts('sessionId' in data ? data.sessionId : '', set));
    case 'MANUAL':
      return [];
  }
}

function setFacts(sessionId: string, set: StoredSet): Fact[] {
  const data = {
    sessionId,
    loggedSetId: set.id,
    liftId: set.liftId,
    setNumber: set.setNumber,
    kind: set.kind,
    weight: set.weight.toFixed(),
    targetReps: set.targetReps,
    repsPerformed: set.repsPerformed,
    rpe: set.rpe?.toFixed() ?? null,
    performedAt: instantToText(set.performedAt),
  };
  const facts = [fact('set_logged', data)];
  if (isFailedSet(set)) {
    facts.push(fact('set_failed', data));
  }
  if (set.kind === 'AMRAP') {
    facts.push(fact('amrap_result', data));
  }
  return facts;
}
