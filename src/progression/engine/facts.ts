/** The events that an engine event emits to the outbox; names and fields are those of the event catalogue. */

import type { Fact } from '../../store/entities/outbox-entry.ts';
import { fact } from '../../store/outbox.ts';
import { instantToText } from '../../values/instant.ts';
import type { Application, RuleResult } from '../evaluation/plan.ts';
import { ruleKey } from '../evaluation/snapshot.ts';
import { isFailedSet, type StoredSet, type TriggerEvent } from '../evaluation/trigger-event.ts';
import type { PersonalRecord } from './personal-records.ts';
import type { HandledEvent } from './trigger-command.ts';

/** The emitted events of a handled engine event, in order: what happened, then what it changed. */
export function factsOf(handled: HandledEvent): Fact[] {
  const { event, plan, programId, logIds, isAgain } = handled;
  const origin = { programId, sessionId: 'sessionId' in event.detail ? event.detail.sessionId : null };
  return [...(isAgain ? [] : eventFacts(event, handled)), ...planFacts(origin, plan.results, logIds)];
}

/** Where a result comes from; null: of no session. */
export interface ResultOrigin {
  readonly programId: string;
  readonly sessionId: string | null;
}

/** What results changed, and where progress stands still. */
export function planFacts(
  origin: ResultOrigin,
  results: readonly RuleResult[],
  logIds: readonly (string | null)[],
): Fact[] {
  const exhausted = new Set<string>();
  return results.flatMap((result, index) => {
    const { application } = result;
    if (application) {
      return applicationFacts(origin, result, application, logIds[index] ?? null);
    }
    const key = ruleKey(result.liftId, result.progressionId);
    // A manual trigger reports nothing that happened; several failed sets of one event are one stall.
    const isStandstill = result.reason === 'STAGES_EXHAUSTED' && result.triggerType !== 'MANUAL';
    if (!isStandstill || exhausted.has(key)) {
      return [];
    }
    exhausted.add(key);
    return [stallFact(origin, result, 'STAGES_EXHAUSTED')];
  });
}

/** A new version with an unchanged value, as when a stage changes, is no change of the max. */
function applicationFacts(
  origin: ResultOrigin,
  result: RuleResult,
  { previousValue, newValue, unit, version }: Application,
  logId: string | null,
): Fact[] {
  const max = { lift_id: result.liftId, max_type: result.maxType };
  const delta = newValue.minus(previousValue);
  const { program_id, session_id } = originData(origin);
  const applied = fact('progression_applied', {
    program_id,
    session_id,
    progression_id: result.progressionId,
    trigger_type: result.triggerType,
    ...max,
    previous_value: previousValue.toFixed(),
    new_value: newValue.toFixed(),
    delta: delta.toFixed(),
    log_id: logId,
  });
  if (delta.isZero()) {
    return [applied];
  }
  const changed = fact(
    'lift_max_changed',
    {
      ...max,
      value: newValue.toFixed(),
      ...(unit && { unit }),
      version,
      delta: delta.toFixed(),
      source: 'PROGRESSION',
      log_id: logId,
      program_id,
      session_id,
    },
    { value: previousValue.toFixed(), ...(unit && { unit }), version: version - 1 },
  );
  return delta.isNegative() ? [applied, changed, stallFact(origin, result, 'DELOADED')] : [applied, changed];
}

function originData({ programId, sessionId }: ResultOrigin) {
  return { program_id: programId, session_id: sessionId };
}

function stallFact(origin: ResultOrigin, result: RuleResult, reason: 'DELOADED' | 'STAGES_EXHAUSTED'): Fact {
  return fact('progression_stalled', {
    ...originData(origin),
    progression_id: result.progressionId,
    trigger_type: result.triggerType,
    lift_id: result.liftId,
    max_type: result.maxType,
    reason,
    value: result.value?.toFixed() ?? null,
  });
}

function eventFacts({ detail }: TriggerEvent, { programId, sets, records }: HandledEvent): Fact[] {
  switch (detail.type) {
    case 'SESSION_COMPLETED':
      return [
        fact('session_completed', {
          session_id: detail.sessionId,
          program_id: programId,
          day_slug: detail.daySlug,
          week_number: detail.weekNumber,
          lifts_performed: detail.liftsPerformed,
        }),
      ];
    case 'WEEK_ADVANCED':
      return [
        fact('week_advanced', {
          program_id: programId,
          previous_week: detail.previousWeek,
          new_week: detail.newWeek,
          cycle_iteration: detail.cycleIteration,
        }),
      ];
    case 'CYCLE_COMPLETED':
      return [
        fact('cycle_completed', {
          program_id: programId,
          completed_cycle: detail.completedCycle,
          new_cycle: detail.newCycle,
          total_weeks: detail.totalWeeks,
        }),
      ];
    case 'SETS_LOGGED':
      return sets
        .filter(({ isAlreadyLogged }) => !isAlreadyLogged)
        .flatMap(({ set }) => setFacts({ programId, sessionId: detail.sessionId }, set, records));
    case 'MANUAL':
      return [];
  }
}

function setFacts(origin: ResultOrigin, set: StoredSet, records: readonly PersonalRecord[]): Fact[] {
  const data = {
    ...originData(origin),
    logged_set_id: set.id,
    lift_id: set.liftId,
    set_number: set.setNumber,
    kind: set.kind,
    weight: set.weight.toFixed(),
    target_weight: set.targetWeight?.toFixed() ?? null,
    target_reps: set.targetReps,
    reps_performed: set.repsPerformed,
    reps_difference: set.repsPerformed - set.targetReps,
    rpe: set.rpe?.toFixed() ?? null,
    performed_at: instantToText(set.performedAt),
  };
  const facts = [fact('set_logged', data)];
  if (isFailedSet(set)) {
    facts.push(fact('set_failed', data));
  }
  if (set.kind === 'AMRAP') {
    facts.push(fact('amrap_result', data));
  }
  const record = records.find((each) => each.set === set);
  if (record) {
    facts.push(recordFact(origin, record));
  }
  return facts;
}

function recordFact(origin: ResultOrigin, { set, estimate, previousEstimate }: PersonalRecord): Fact {
  return fact('personal_record', {
    lift_id: set.liftId,
    ...originData(origin),
    logged_set_id: set.id,
    weight: set.weight.toFixed(),
    reps_performed: set.repsPerformed,
    estimated_one_rep_max: estimate.toFixed(),
    previous_estimate: previousEstimate.toFixed(),
  });
}
