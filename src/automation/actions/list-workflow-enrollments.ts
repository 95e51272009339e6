/** ListWorkflowEnrollments and GetRun: runs of workflows and the results of their steps, newest first. */

import { fromJson, type JsonObject, type JsonValue, type MessageInitShape } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import type { FilterQuery } from '@mikro-orm/core';
import { enumName, enumValue } from '../../calls/enum-name.ts';
import { DomainError } from '../../errors/domain-error.ts';
import {
  type ListWorkflowEnrollmentsRequest,
  StepOutcomeSchema,
  type StepResultSchema,
  type WorkflowEnrollmentSchema,
  WorkflowEnrollmentStateSchema,
} from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { type ActionExecution, ActionExecutionEntity } from '../../store/entities/action-execution.ts';
import {
  type WorkflowEnrollment,
  WorkflowEnrollmentEntity,
} from '../../store/entities/workflow-enrollment.ts';
import { type Page, readPage } from '../../store/page.ts';
import {
  type Instant,
  instantFromText,
  instantOfField,
  instantToText,
  instantToTimestamp,
} from '../../values/instant.ts';
import { requireWorkflow } from '../configuration/workflows.ts';
import type { KeptChanges } from './step-changes.ts';

/** A run, and its steps in order. */
export interface EnrollmentWithSteps {
  readonly enrollment: WorkflowEnrollment;
  readonly steps: readonly ActionExecution[];
}

/**
 * Ordered by decision time, then id. WORKFLOW_NOT_FOUND when the filter names an unknown workflow;
 * PAGE_TOKEN_INVALID.
 */
export async function listWorkflowEnrollments(
  tx: Transaction,
  request: ListWorkflowEnrollmentsRequest,
  defaultPageSize: number,
): Promise<Page<EnrollmentWithSteps>> {
  const { accountId, em } = tx;
  const { workflowId, userId } = request;
  if (workflowId) {
    await requireWorkflow(tx, workflowId);
  }
  const state = request.state === 0 ? '' : enumName(WorkflowEnrollmentStateSchema, request.state);
  const start = request.startTime && instantOfField(request.startTime, 'start_time');
  const end = request.endTime && instantOfField(request.endTime, 'end_time');
  const times = [start, end].map((at) => (at === undefined ? '' : instantToText(at)));
  const where: FilterQuery<WorkflowEnrollment> = {
    accountId,
    ...(workflowId ? { workflowId } : {}),
    ...(userId ? { userId } : {}),
    ...(state ? { state } : {}),
    $and: [
      ...(start === undefined ? [] : [{ recordedAt: { $gte: start } }]),
      ...(end === undefined ? [] : [{ recordedAt: { $lt: end } }]),
    ],
  };
  const page = await readPage(
    {
      filter: ['ListWorkflowEnrollments', accountId, workflowId, userId, state, ...times],
      keyKinds: ['instant', 'uuid'],
      defaultPageSize,
      keyOf: (row: WorkflowEnrollment) => [row.recordedAt, row.id],
      rows: (after, limit) =>
        em.find(WorkflowEnrollmentEntity, after ? { $and: [where, isBehind(after)] } : where, {
          orderBy: { recordedAt: 'desc', id: 'desc' },
          limit,
        }),
      count: () => em.count(WorkflowEnrollmentEntity, where),
    },
    request,
  );
  const enrollmentId = { $in: page.rows.map(({ id }) => id) };
  const executions = await em.find(
    ActionExecutionEntity,
    { accountId, enrollmentId },
    { orderBy: { enrollmentId: 'asc', step: 'asc' } },
  );
  const stepsOf = Map.groupBy(executions, (execution) => execution.enrollmentId);
  const rows = page.rows.map((enrollment) => ({ enrollment, steps: stepsOf.get(enrollment.id) ?? [] }));
  return { ...page, rows };
}

/** RUN_NOT_FOUND. */
export async function getRun({ accountId, em }: Transaction, runId: string): Promise<EnrollmentWithSteps> {
  const enrollment = await em.findOne(WorkflowEnrollmentEntity, { accountId, id: runId });
  if (!enrollment) {
    throw runNotFound(runId);
  }
  const where = { accountId, enrollmentId: runId };
  return { enrollment, steps: await em.find(ActionExecutionEntity, where, { orderBy: { step: 'asc' } }) };
}

export function runNotFound(runId: string): DomainError {
  return new DomainError('RUN_NOT_FOUND', `run ${runId} does not exist`, { metadata: { runId } });
}

function isBehind([recordedAt, id]: readonly [bigint, string]): FilterQuery<WorkflowEnrollment> {
  return { $or: [{ recordedAt: { $lt: recordedAt } }, { recordedAt, id: { $lt: id } }] };
}

/** A run with what its webhooks were answered and what its steps changed; no answer that is stored has it. */
export function runMessage(run: EnrollmentWithSteps): MessageInitShape<typeof WorkflowEnrollmentSchema> {
  return enrollmentMessage({ ...run, isWhole: true });
}

type Further = Pick<MessageInitShape<typeof StepResultSchema>, 'answer' | 'changes' | 'changesLeftOut'>;

function furtherMessage({ answer, changes }: ActionExecution): Further {
  const { told = [], leftOut = 0 } = (changes ?? {}) as Partial<KeptChanges>;
  return {
    ...answerMessage(answer),
    changes: told.map(({ type, data, previous }) => ({
      ...{ type, data: data as JsonObject },
      ...(previous ? { previous: previous as JsonObject } : {}),
    })),
    changesLeftOut: leftOut,
  };
}

function answerMessage(kept: unknown): Pick<Further, 'answer'> {
  const { status, body } = (kept ?? {}) as { readonly status?: number; readonly body?: JsonValue };
  return status === undefined
    ? {}
    : { answer: { status, ...(body == null ? {} : { body: fromJson(ValueSchema, body) }) } };
}

export function enrollmentMessage({
  enrollment,
  steps,
  isWhole = false,
}: EnrollmentWithSteps & { readonly isWhole?: boolean }): MessageInitShape<typeof WorkflowEnrollmentSchema> {
  const { id, workflowId, workflowVersion, triggerId, userId, nextStep } = enrollment;
  return {
    ...{ id, workflowId, workflowVersion, triggerId, userId, nextStep },
    eventId: enrollment.eventId ?? '',
    state: enumValue(WorkflowEnrollmentStateSchema, enrollment.state),
    dueAt: timestampOf(enrollment.dueAt),
    enrolledAt: instantToTimestamp(enrollment.enrolledAt),
    endedAt: timestampOf(enrollment.endedAt),
    endedReason: enrollment.endedReason ?? '',
    steps: steps.map((step) => stepMessage(step, isWhole ? furtherMessage(step) : {})),
  };
}

function stepMessage(
  execution: ActionExecution,
  further: Further,
): MessageInitShape<typeof StepResultSchema> {
  const { step, action, attempts, reason, executedAt } = execution;
  return {
    ...further,
    ...{ step, action, attempts, path: execution.path ?? `actions[${step}]`, taken: execution.taken ?? '' },
    outcome: enumValue(StepOutcomeSchema, execution.outcome),
    reason: reason ?? '',
    executedAt: instantToTimestamp(executedAt),
    tries: execution.tries.map(({ startedAt, endedAt, ...made }) => ({
      startedAt: instantToTimestamp(instantFromText(startedAt)),
      endedAt: instantToTimestamp(instantFromText(endedAt)),
      outcome: enumValue(StepOutcomeSchema, made.outcome),
      reason: made.reason ?? '',
      detail: made.detail ?? '',
    })),
  };
}

function timestampOf(instant: Instant | null | undefined) {
  return instant === null || instant === undefined ? undefined : instantToTimestamp(instant);
}
