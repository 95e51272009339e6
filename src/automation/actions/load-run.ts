/** Locks a run, and reads what its next step depends on. */

import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { LockMode } from '@mikro-orm/core';
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import { type Action, ActionSchema } from '../../gen/automation/v1/action_pb.ts';
import { BusinessHoursSchema } from '../../gen/automation/v1/trigger_pb.ts';
import type { Transaction } from '../../store/database.ts';
import type { TransactionLimits } from '../../store/enter-account.ts';
import type { ActionExecution, StepTry } from '../../store/entities/action-execution.ts';
import {
  type WorkflowEnrollment,
  WorkflowEnrollmentEntity,
} from '../../store/entities/workflow-enrollment.ts';
import { lockPartitionOf } from '../../store/lock-partition.ts';
import { type Instant, instantFromText } from '../../values/instant.ts';
import { firstTimeZone } from '../../values/zoned.ts';
import { type Calendar, toCalendar } from '../time/business-hours.ts';
import type { Step } from './step.ts';
import { type ProgramStep, programOf } from './tree/program.ts';

/** A run whose row is locked until the transaction ends. */
export interface Run {
  /** Changes are written with the transaction's flush. */
  readonly enrollment: WorkflowEnrollment;
  /** The stored action of the next step; see readAction. */
  readonly stored: unknown;
  /** All steps of the run by number. */
  readonly program: readonly ProgramStep[];
  /** The event of the trigger with which the run started. */
  readonly triggerEvent: string;
  readonly step: Step;
  /** The row of an earlier attempt at the step, or of the wait that it started. */
  readonly execution: Pick<ActionExecution, 'outcome' | 'attempts' | 'tries'> | undefined;
  readonly isAthleteDeleted: boolean;
  /** The hours within which the steps act; null: at any time. */
  readonly actingHours: Calendar | null;
  /** The types of events that end the run. */
  readonly exitEvents: readonly string[];
}

/** Identifies an attempt at a step; only one process works on it. */
export interface Attempt {
  readonly step: number;
  readonly attempts: number;
}

/** Locks the partition of the run's athlete. Call it before the run is locked, as evaluation locks them. */
export async function lockPartitionOfRun(tx: Transaction, enrollmentId: string): Promise<void> {
  const { rows } = await sql<{ user_id: string }>`
    select user_id from workflow_enrollments where account_id = ${tx.accountId} and id = ${enrollmentId}`.execute(
    tx.sql,
  );
  await (rows[0] && lockPartitionOf(tx, rows[0].user_id));
}

/** undefined when the run is not due, or another transaction holds it. */
export async function takeRun(tx: Transaction, enrollmentId: string, now: Instant): Promise<Run | undefined> {
  const enrollment = await tx.em.findOne(
    WorkflowEnrollmentEntity,
    {
      accountId: tx.accountId,
      id: enrollmentId,
      state: { $in: ['TRIGGERED', 'ACTIVE'] },
      dueAt: { $lte: now },
    },
    { lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE },
  );
  return enrollment ? loadRun(tx, enrollment) : undefined;
}

/** The run of this attempt, in whatever state it is now; undefined when the attempt has been superseded. */
export async function resumeRun(
  tx: Transaction,
  enrollmentId: string,
  { step, attempts }: Attempt,
): Promise<Run | undefined> {
  const enrollment = await tx.em.findOne(
    WorkflowEnrollmentEntity,
    { accountId: tx.accountId, id: enrollmentId, nextStep: step, attempts },
    { lockMode: LockMode.PESSIMISTIC_WRITE },
  );
  return enrollment ? loadRun(tx, enrollment) : undefined;
}

/** The action of a run's next step. Throws when the stored JSON is invalid. */
export function readAction(stored: unknown): Action {
  return fromJson(ActionSchema, stored as JsonValue);
}

interface RunRow {
  is_deleted: boolean;
  user_zone: string | null;
  account_zone: string;
  actions: readonly unknown[];
  trigger_event: string | null;
  outcome: string | null;
  attempts: number | null;
  tries: StepTry[] | null;
  before_at: string | null;
  business_hours: JsonValue | null;
  exits: readonly { readonly eventType: string }[];
}

/** A separate statement after the lock, so that it reads the state that the lock protects. */
async function loadRun(tx: Transaction, enrollment: WorkflowEnrollment): Promise<Run> {
  const { accountId, id, workflowId, workflowVersion, triggerId, triggerVersion, userId, nextStep } =
    enrollment;
  const { rows } = await sql<RunRow>`
    select u.deleted_at is not null as is_deleted, u.time_zone as user_zone, a.time_zone as account_zone,
      v.actions, v.exits, t.trigger_event, now.outcome, now.attempts, now.tries, (
        select before.executed_at from action_executions before
        where before.account_id = ${accountId} and before.enrollment_id = ${id} and before.step < ${nextStep}
        order by before.step desc limit 1
      ) as before_at,
      case when t.settings -> 'quietHours' = 'true' then t.settings -> 'businessHours' end as business_hours
    from workflow_versions v
    join users u on u.account_id = ${accountId} and u.id = ${userId}
    join accounts a on a.id = ${accountId}
    left join trigger_versions t
      on t.account_id = ${accountId} and t.trigger_id = ${triggerId} and t.version = ${triggerVersion}
    left join action_executions now
      on now.account_id = ${accountId} and now.enrollment_id = ${id} and now.step = ${nextStep}
    where v.account_id = ${accountId} and v.workflow_id = ${workflowId} and v.version = ${workflowVersion}`.execute(
    tx.sql,
  );
  const [row] = rows;
  if (!row) {
    throw new TypeError(`run ${id} has no version of its workflow`);
  }
  const { outcome, attempts, tries } = row;
  const timeZones = [row.user_zone, row.account_zone];
  const program = programOf(row.actions);
  const position = program[nextStep];
  return {
    enrollment,
    stored: position?.stored,
    program,
    triggerEvent: row.trigger_event ?? String(enrollment.event.type ?? ''),
    step: {
      accountId,
      workflowId,
      userId,
      enrollmentId: id,
      step: nextStep,
      path: position?.path ?? '',
      name: position?.name ?? '',
      timeZones,
      cause: enrollment.cause,
      event: enrollment.eventId === null ? null : enrollment.event,
      reachedAt: row.before_at === null ? enrollment.recordedAt : instantFromText(row.before_at),
    },
    execution: outcome === null || attempts === null ? undefined : { outcome, attempts, tries: tries ?? [] },
    isAthleteDeleted: row.is_deleted,
    exitEvents: row.exits.map(({ eventType }) => eventType),
    actingHours:
      row.business_hours === null
        ? null
        : toCalendar(fromJson(BusinessHoursSchema, row.business_hours), firstTimeZone(...timeZones)),
  };
}

/**
 * The limits of a step's transaction: no caller waits for it, so it may wait for a connection as long as it
 * may run.
 */
export function stepTransactionLimits({ stepTimeoutMs }: Pick<Limits, 'stepTimeoutMs'>): TransactionLimits {
  return { deadlineAtMs: performance.now() + stepTimeoutMs, connectionWaitMs: stepTimeoutMs };
}
