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
import { toEventSnapshot } from '../decision/accepted-event.ts';
import { isReadable, satisfiesEquality } from '../decision/compile-trigger.ts';
import { computeCapCounter, evaluateAllStages } from '../decision/decide.ts';
import { toWireReason, type VerdictReason, type VerdictValues } from '../decision/verdict-reason.ts';
import { loadEnrollmentState } from '../evaluation/load-enrollment-state.ts';
import { conditionMessage } from './inspection-messages.ts';
import { prepareTriggerTest, type TriggerTest } from './prepare-trigger-test.ts';

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
  const setup = await prepareTriggerTest(tx, request, now, limits);
  const stages = [...listPreliminaryStages(setup), ...(await evaluateStages(tx, setup, limits))];
  const decisive = stages.find(({ passed, reason }) => !passed && reason !== null);
  const reason = decisive?.reason ?? 'ENROLLED';
  const matched = setup.match.matched && isCandidate(setup);
  const { match, trigger } = setup;
  const executionId = newId();
  tx.em.create(TriggerExecutionLogEntity, {
    accountId: tx.accountId,
    id: executionId,
    triggerId: trigger.id,
    triggerVersion: trigger.version,
    workflowId: trigger.workflowId,
    userId: match.userId,
    eventId: setup.eventId,
    kind: 'TEST',
    eventData: toEventSnapshot(match.event),
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
    reason: toWireReason(reason),
    stages: stages.map(stageMessage),
    conditions: conditions.map(conditionMessage),
    executionId,
  };
}

function stageMessage({ name, passed, values }: Stage): MessageInitShape<typeof StageVerdictSchema> {
  return { stage: name, passed, values: { ...values } };
}

/** What the evaluator finds out without looking at the event: told here, but nothing that ends a test. */
function listPreliminaryStages({ earlierReason, workflowStatus, isActive }: TriggerTest): Stage[] {
  return [
    {
      name: 'duplicate',
      passed: earlierReason === null,
      reason: null,
      values: earlierReason ? { decided: earlierReason } : {},
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
function isCandidate({ trigger: { event, rule }, match }: TriggerTest): boolean {
  return (
    match.event.type === event &&
    isReadable(rule) &&
    rule.configuration.every((equality) => satisfiesEquality(equality, match.event.data))
  );
}

async function evaluateStages(tx: Transaction, setup: TriggerTest, limits: Limits): Promise<Stage[]> {
  const { trigger, match, ownEnrollmentId } = setup;
  const { rule } = trigger;
  if (!isReadable(rule)) {
    return [failedStage(rule.problem)];
  }
  const state = await loadEnrollmentState(tx, [match], limits, { locksCaps: false });
  const counter = computeCapCounter(match);
  if (ownEnrollmentId !== null && counter) {
    state.setCount(counter, state.count(counter) - 1);
  }
  const release =
    ownEnrollmentId === null
      ? undefined
      : { enrollmentId: ownEnrollmentId, startsAt: match.event.occurredAt };
  try {
    const stages = evaluateAllStages(match, rule, state, limits, release).map(
      ({ stage, reason, values }) => ({
        ...{ name: stage, reason, values },
        passed: reason === null,
      }),
    );
    return stages.map((stage) => (stage.name === 'candidate' ? withCandidateCheck(stage, setup) : stage));
  } catch (error) {
    return [failedStage(error instanceof Error ? error.message : String(error))];
  }
}

/** The trigger cannot be evaluated at all. */
function failedStage(problem: string): Stage {
  return { name: 'candidate', passed: false, reason: 'ERROR', values: { problem } };
}

function withCandidateCheck(stage: Stage, setup: TriggerTest): Stage {
  return isCandidate(setup)
    ? stage
    : {
        ...stage,
        passed: false,
        reason: 'NOT_MATCHED',
        values: { event_type: setup.match.event.type, trigger_event: setup.trigger.event },
      };
}
