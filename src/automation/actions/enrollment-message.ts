/** Runs of workflows as the contract says them. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { enumValue } from '../../enum-name.ts';
import {
  StepOutcomeSchema,
  type StepResultSchema,
  type WorkflowEnrollmentSchema,
  WorkflowEnrollmentStateSchema,
} from '../../gen/automation/v1/workflow_service_pb.ts';
import { type Instant, instantToTimestamp } from '../../instant.ts';
import type { ActionExecution } from '../../store/entities/action-execution.ts';
import type { EnrollmentWithSteps } from './list-workflow-enrollments.ts';

export function enrollmentMessage({
  enrollment,
  steps,
}: EnrollmentWithSteps): MessageInitShape<typeof WorkflowEnrollmentSchema> {
  const { id, workflowId, workflowVersion, triggerId, userId, nextStep } = enrollment;
  return {
    ...{ id, workflowId, workflowVersion, triggerId, userId, nextStep },
    eventId: enrollment.eventId ?? '',
    state: enumValue(WorkflowEnrollmentStateSchema, enrollment.state),
    dueAt: timestampOf(enrollment.dueAt),
    enrolledAt: instantToTimestamp(enrollment.enrolledAt),
    endedAt: timestampOf(enrollment.endedAt),
    endedReason: enrollment.endedReason ?? '',
    steps: steps.map(stepMessage),
  };
}

function stepMessage(execution: ActionExecution): MessageInitShape<typeof StepResultSchema> {
  const { step, action, attempts, reason, executedAt } = execution;
  return {
    ...{ step, action, attempts },
    outcome: enumValue(StepOutcomeSchema, execution.outcome),
    reason: reason ?? '',
    executedAt: instantToTimestamp(executedAt),
  };
}

function timestampOf(instant: Instant | null | undefined) {
  return instant === null || instant === undefined ? undefined : instantToTimestamp(instant);
}
