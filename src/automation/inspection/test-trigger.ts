/** TestTrigger: evaluates every stage of a trigger for an event without enrolling the athlete. */
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
import type { Instant } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';
import { toEventSnapshot } from '../decision/accepted-event.ts';
import { isCandidate, isReadable } from '../decision/compile-trigger.ts';
import { computeCapCounter, evaluateAllStages } from '../decision/decide.ts';
import { toWireReason, type VerdictReason, type VerdictValues } from '../decision/verdict-reason.ts';
import { loadEnrollmentState } from '../evaluation/load-enrollment-state.ts';
import { conditionMessage } from './inspection-messages.ts';
import { prepareTriggerTest, type TriggerTest } from './prepare-trigger-test.ts';

/** The result of one stage. */
interface Stage {
  readonly name: string;
  readonly passed: boolean;
  /** The verdict of a stage that is not passed; null when the stage does not end a test. */
  readonly reason: VerdictReason | null;
  readonly values: VerdictValues;
}

/** Writes one execution log of the kind TEST, and nothing else. Errors: see `prepareTriggerTest`. */
export async function testTrigger(
  { tx, now }: Change,
  request: TestTriggerRequest,
  limits: Limits,
): Promise<MessageInitShape<typeof TestTriggerResponseSchema>> {
  const setup = await prepareTriggerTest(tx, request, now, limits);
  const stages = [...listPreliminaryStages(setup), ...(await evaluateStages(tx, setup, now, limits))];
  const decisive = stages.find(({ passed, reason }) => !passed && reason !== null);
  const reason = decisive?.reason ?? 'ENROLLED';
  const matched = setup.match.matched && isCandidate(setup.trigger, setup.match.event);
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

/** Stages that the evaluator checks before it reads the event; they are reported but do not end a test. */
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

/** A simulated event is tested as if it happened now, or at its given time. */
async function evaluateStages(
  tx: Transaction,
  setup: TriggerTest,
  now: Instant,
  limits: Limits,
): Promise<Stage[]> {
  const { trigger, match, eventId, ownEnrollmentId } = setup;
  const { rule } = trigger;
  if (!isReadable(rule)) {
    return [failedStage(rule.problem)];
  }
  const decision = { now: eventId === null ? match.event.occurredAt : now, limits, ownEnrollmentId };
  const state = await loadEnrollmentState(tx, [match], decision, { locksCaps: false });
  const counter = computeCapCounter(match);
  if (ownEnrollmentId !== null && counter) {
    state.setCount(counter, state.count(counter) - 1);
  }
  try {
    const stages = evaluateAllStages(match, rule, state, decision).map(({ stage, reason, values }) => ({
      ...{ name: stage, reason, values },
      passed: reason === null,
    }));
    return stages.map((stage) => (stage.name === 'candidate' ? withCandidateCheck(stage, setup) : stage));
  } catch (error) {
    return [failedStage(error instanceof Error ? error.message : String(error))];
  }
}

/** The stage for a trigger that cannot be evaluated. */
function failedStage(problem: string): Stage {
  return { name: 'candidate', passed: false, reason: 'ERROR', values: { problem } };
}

function withCandidateCheck(stage: Stage, setup: TriggerTest): Stage {
  return isCandidate(setup.trigger, setup.match.event)
    ? stage
    : {
        ...stage,
        passed: false,
        reason: 'NOT_MATCHED',
        values: { event_type: setup.match.event.type, trigger_event: setup.trigger.event },
      };
}
