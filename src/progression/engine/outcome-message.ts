/** Converts the engine's results to messages. */
import { create } from '@bufbuild/protobuf';
import { enumValue } from '../../calls/enum-name.ts';
import { MaxTypeSchema, TriggerType, TriggerTypeSchema } from '../../gen/progression/v1/common_pb.ts';
import {
  type ProgressionResult,
  ProgressionResultSchema,
  ResultReason,
  ResultReasonSchema,
  type TriggerOutcome,
  TriggerOutcomeSchema,
} from '../../gen/progression/v1/progression_service_pb.ts';
import { instantToTimestamp } from '../../values/instant.ts';
import type { RuleResult } from '../evaluation/plan.ts';
import { EVENT_TRIGGER_TYPES } from '../evaluation/trigger-event.ts';
import type { HandledEvent, SessionApplication } from './trigger-command.ts';

/** The results of an event; results of sets that were logged before come first. */
export function outcomeMessage(handled: HandledEvent): TriggerOutcome {
  const results = [
    ...handled.earlierApplications.map(earlierResultMessage),
    ...handled.plan.results.map((result, index) => resultMessage(result, handled.logIds[index] ?? null)),
  ];
  return create(TriggerOutcomeSchema, {
    triggerType: enumValue(TriggerTypeSchema, EVENT_TRIGGER_TYPES[handled.event.detail.type]),
    userId: handled.event.userId,
    programId: handled.programId,
    ...totalled(results),
  });
}

/** The outcome of an event that was recorded before: what was applied then is ALREADY_APPLIED. */
export function duplicateOutcome(first: TriggerOutcome | undefined): TriggerOutcome {
  const results = (first?.results ?? []).map((result) =>
    result.applied
      ? {
          ...result,
          applied: false,
          reason: ResultReason.ALREADY_APPLIED,
          previousValue: result.newValue,
          delta: '0',
          stageBefore: result.stage,
        }
      : result,
  );
  const { triggerType, userId, programId, totalNotPerformed } = first ?? {};
  return create(TriggerOutcomeSchema, {
    ...{ triggerType, userId, programId, totalNotPerformed },
    ...totalled(results),
  });
}

/** What a session came to when it was decided again; undefined when no rule looked at it. */
export function correctedOutcome(
  userId: string,
  {
    programId,
    results,
    logIds,
  }: Pick<HandledEvent, 'programId' | 'logIds'> & { results: readonly RuleResult[] },
): TriggerOutcome | undefined {
  const messages = results.map((result, index) => resultMessage(result, logIds[index] ?? null));
  return programId === ''
    ? undefined
    : create(TriggerOutcomeSchema, {
        ...{ triggerType: TriggerType.AFTER_SESSION, userId, programId },
        ...totalled(messages),
      });
}

/** The outcome of a session that was completed before, and what its further lifts did now. */
export function addedOutcome(before: TriggerOutcome | undefined, added: TriggerOutcome): TriggerOutcome {
  const asked = new Set(added.results.map(ruleOf));
  const all = before?.results ?? [];
  const earlier = all.filter((result) => !asked.has(ruleOf(result)));
  // Of the rules that are asked now, those that the answer left out before.
  const sessionRules = added.results.filter(({ triggerType }) => triggerType === TriggerType.AFTER_SESSION);
  const leftOut = (before?.totalNotPerformed ?? 0) > 0 ? sessionRules.length : 0;
  const totalNotPerformed = Math.max(0, (before?.totalNotPerformed ?? 0) - leftOut);
  return create(TriggerOutcomeSchema, {
    ...added,
    ...totalled([...earlier, ...added.results]),
    totalNotPerformed,
  });
}

/** The outcome without results for lifts that the session did not contain; says how many it had. */
export function withoutNotPerformed(outcome: TriggerOutcome): TriggerOutcome {
  const performed = outcome.results.filter(({ reason }) => reason !== ResultReason.LIFT_NOT_PERFORMED);
  const totalNotPerformed = outcome.results.length - performed.length;
  return create(TriggerOutcomeSchema, { ...outcome, ...totalled(performed), totalNotPerformed });
}

function ruleOf({ programProgressionId, liftId }: ProgressionResult): string {
  return `${programProgressionId} ${liftId}`;
}

function totalled(results: ProgressionResult[]) {
  const totalApplied = results.filter(({ applied }) => applied).length;
  return { results, totalApplied, totalSkipped: results.length - totalApplied };
}

function resultMessage(result: RuleResult, logId: string | null): ProgressionResult {
  const { application, stageBefore, stage } = result;
  const value = result.value?.toFixed() ?? '';
  return create(ProgressionResultSchema, {
    programProgressionId: result.programProgressionId,
    overrideId: result.overrideId ?? '',
    progressionId: result.progressionId,
    liftId: result.liftId,
    maxType: enumValue(MaxTypeSchema, result.maxType),
    triggerType: enumValue(TriggerTypeSchema, result.triggerType),
    applied: application !== null,
    reason: result.reason ? enumValue(ResultReasonSchema, result.reason) : ResultReason.APPLIED,
    previousValue: application?.previousValue.toFixed() ?? value,
    newValue: application?.newValue.toFixed() ?? value,
    delta: application?.newValue.minus(application.previousValue).toFixed() ?? '0',
    appliedAt: application ? instantToTimestamp(application.appliedAt) : undefined,
    logId: logId ?? result.earlierLogId ?? '',
    stageBefore: stageBefore ?? undefined,
    stage: stage ?? undefined,
  });
}

function earlierResultMessage(earlier: SessionApplication): ProgressionResult {
  return create(ProgressionResultSchema, {
    progressionId: earlier.progressionId,
    liftId: earlier.liftId,
    maxType: enumValue(MaxTypeSchema, earlier.maxType),
    triggerType: enumValue(TriggerTypeSchema, earlier.triggerType),
    reason: ResultReason.ALREADY_APPLIED,
    previousValue: earlier.newValue.toFixed(),
    newValue: earlier.newValue.toFixed(),
    delta: '0',
    appliedAt: instantToTimestamp(earlier.appliedAt),
    logId: earlier.logId,
  });
}
