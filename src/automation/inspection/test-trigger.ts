/** TestTrigger: what a trigger would do about an event, stage by stage, without doing it. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Limits } from '../../config/config.ts';
import type {
  StageVerdictSchema,
  TestTriggerRequest,
  TestTriggerResponseSchema,
} from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import { TriggerExecutionLogEntity } from '../../store/entities/trigger-execution-log.ts';
import { newId } from '../../values/new-id.ts';
import { snapshotOf } from '../decision/accepted-event.ts';
import { holds, isReadable } from '../decision/compile-trigger.ts';
import { counterOf, judgeAll } from '../decision/decide.ts';
import { type VerdictReason, type VerdictValues, wireReason } from '../decision/verdict.ts';
import { loadStanding } from '../evaluation/load-standing.ts';
import { conditionMessage } from './messages.ts';
import { setUpTrial, type Trial } from './trial.ts';

/** What one stage of a test says. */
interface Stage {
  readonly name: string;
  readonly passed: boolean;
  /** What a stage that is not passed decides; null: nothing, as far as the test goes. */
  readonly reason: VerdictReason | null;
  readonly values: VerdictValues;
}

/** See setUpTrial for what it throws. Leaves one execution of the kind TEST, and nothing else. */
export async function testTrigger(
  { tx, now }: Change,
  request: TestTriggerRequest,
  limits: Limits,
): Promise<MessageInitShape<typeof TestTriggerResponseSchema>> {
  const trial = await setUpTrial(tx, request, now, limits);
  const stages = [...stagesBefore(trial), ...(await judgedStages(tx, trial, limits))];
  const decisive = stages.find(({ passed, reason }) => !passed && reason !== null);
  const reason = decisive?.reason ?? 'ENROLLED';
  const matched = trial.match.matched && isCandidate(trial);
  const { match, trigger } = trial;
  const executionId = newId();
  tx.em.create(TriggerExecutionLogEntity, {
    accountId: tx.accountId,
    id: executionId,
    triggerId: trigger.id,
    triggerVersion: trigger.version,
    workflowId: trigger.workflowId,
    userId: match.userId,
    eventId: trial.eventId,
    kind: 'TEST',
    eventData: snapshotOf(match.event),
    matched,
    enrolled: false,
    failureReason: reason === 'ENROLLED' ? null : reason,
    enrollmentId: null,
    details: decisive?.values ?? {},
    executedAt: now,
  });
  const conditions = isReadable(trigger.rule) ? trigger.rule.filter.explain(match.input) : [];
  return {
    matched,
    wouldEnroll: reason === 'ENROLLED',
    reason: wireReason(reason),
    stages: stages.map(stageMessage),
    conditions: conditions.map(conditionMessage),
    executionId,
  };
}

function stageMessage({ name, passed, values }: Stage): MessageInitShape<typeof StageVerdictSchema> {
  return { stage: name, passed, values: { ...values } };
}

/** What the evaluator finds out without looking at the event: told here, but nothing that ends a test. */
function stagesBefore({ former, workflowStatus, isActive }: Trial): Stage[] {
  return [
    {
      name: 'duplicate',
      passed: former === null,
      reason: null,
      values: former ? { decided: former } : {},
    },
    {
      name: 'workflow',
      passed: workflowStatus === 'ACTIVE' && isActive,
      reason: null,
      values: { status: workflowStatus, trigger_is_active: `${isActive}` },
    },
  ];
}

/** The event is of the trigger's type, and what the configuration wants. */
function isCandidate({ trigger: { event, rule }, match }: Trial): boolean {
  return (
    match.event.type === event &&
    isReadable(rule) &&
    rule.configuration.every((equality) => holds(equality, match.event.data))
  );
}

async function judgedStages(tx: Transaction, trial: Trial, limits: Limits): Promise<Stage[]> {
  const { trigger, match, ownEnrollmentId } = trial;
  const { rule } = trigger;
  if (!isReadable(rule)) {
    return [failedStage(rule.problem)];
  }
  const standing = await loadStanding(tx, [match], limits, { locksCaps: false });
  const counter = counterOf(match);
  if (ownEnrollmentId !== null && counter) {
    standing.setCount(counter, standing.count(counter) - 1);
  }
  const release =
    ownEnrollmentId === null
      ? undefined
      : { enrollmentId: ownEnrollmentId, startsAt: match.event.occurredAt };
  try {
    const stages = judgeAll(match, rule, standing, limits, release).map(({ stage, reason, values }) => ({
      ...{ name: stage, reason, values },
      passed: reason === null,
    }));
    return stages.map((stage) => (stage.name === 'candidate' ? withCandidacy(stage, trial) : stage));
  } catch (error) {
    return [failedStage(error instanceof Error ? error.message : String(error))];
  }
}

/** The trigger cannot be evaluated at all. */
function failedStage(problem: string): Stage {
  return { name: 'candidate', passed: false, reason: 'ERROR', values: { problem } };
}

function withCandidacy(stage: Stage, trial: Trial): Stage {
  return isCandidate(trial)
    ? stage
    : {
        ...stage,
        passed: false,
        reason: 'NOT_MATCHED',
        values: { event_type: trial.match.event.type, trigger_event: trial.trigger.event },
      };
}
