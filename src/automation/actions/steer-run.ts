/** CancelRun, PauseRun, ResumeRun, RetryRun: a hand on one run of a workflow. Each is audited. */
import { LockMode } from '@mikro-orm/core';
import { DomainError } from '../../errors/domain-error.ts';
import { audit, type Change } from '../../store/change.ts';
import {
  type WorkflowEnrollment,
  WorkflowEnrollmentEntity,
} from '../../store/entities/workflow-enrollment.ts';
import { lockPartitionOf } from '../../store/lock-partition.ts';
import { instantToText } from '../../values/instant.ts';
import { requireNotArchived, requireWorkflow } from '../configuration/workflows.ts';
import { loadHeldCapCounters, releaseCapSlots } from '../evaluation/queued-enrollment.ts';
import { runNotFound } from './list-workflow-enrollments.ts';

/**
 * Ends a run that has not ended. The step of a call that is under way may still be done. A queued run returns its
 * slot in the cap. RUN_NOT_FOUND, RUN_STATE.
 */
export function cancelRun(change: Change, runId: string): Promise<void> {
  const allowed = ['TRIGGERED', 'ACTIVE', 'QUEUED', 'PAUSED'];
  return steer(change, runId, { action: 'CancelRun', allowed }, async (run) => {
    if (run.state === 'QUEUED') {
      const { workflowId, triggerId, triggerVersion } = run;
      const slot = { workflowId, triggerId, triggerVersion, enrolledAt: instantToText(run.enrolledAt) };
      const held = await loadHeldCapCounters(change.tx, [slot]);
      await (held.length > 0 && releaseCapSlots(change.tx, held));
    }
    Object.assign(run, {
      ...{ state: 'CANCELLED', dueAt: null, pausedDueAt: null, attempts: 0 },
      ...{ endedAt: change.now, endedReason: 'CANCELLED_BY_HAND' },
    });
  });
}

/** No further step starts until ResumeRun; a call that is under way is recorded. RUN_NOT_FOUND, RUN_STATE. */
export function pauseRun(change: Change, runId: string): Promise<void> {
  const allowed = ['TRIGGERED', 'ACTIVE'];
  return steer(change, runId, { action: 'PauseRun', allowed }, (run) => {
    Object.assign(run, { state: 'PAUSED', dueAt: null, pausedDueAt: run.dueAt });
  });
}

/** The next step is due when it was before the pause, or now if that is over. RUN_NOT_FOUND, RUN_STATE. */
export function resumeRun(change: Change, runId: string): Promise<void> {
  return steer(change, runId, { action: 'ResumeRun', allowed: ['PAUSED'] }, (run) => {
    Object.assign(run, { state: 'ACTIVE', dueAt: run.pausedDueAt, pausedDueAt: null });
  });
}

/**
 * Continues a failed run with the step that failed, which has all its attempts again; steps that are done stay done.
 * The policy of the trigger does not matter. RUN_NOT_FOUND, RUN_STATE, WORKFLOW_ARCHIVED.
 */
export function retryRun(change: Change, runId: string): Promise<void> {
  return steer(change, runId, { action: 'RetryRun', allowed: ['FAILED'] }, async (run) => {
    requireNotArchived(await requireWorkflow(change.tx, run.workflowId));
    Object.assign(run, {
      // A run that failed while it was queued is decided again.
      state: run.endedReason === 'ERROR' ? 'QUEUED' : 'ACTIVE',
      ...{ dueAt: change.now, attempts: 0, endedAt: null, endedReason: null },
    });
  });
}

interface Steering {
  /** The name of the RPC. */
  readonly action: string;
  readonly allowed: readonly string[];
}

/** The athlete's partition is locked before the run, as in evaluation. */
async function steer(
  change: Change,
  runId: string,
  { action, allowed }: Steering,
  apply: (run: WorkflowEnrollment) => void | Promise<void>,
): Promise<void> {
  const { tx } = change;
  const where = { accountId: tx.accountId, id: runId };
  const known = await tx.em.findOne(WorkflowEnrollmentEntity, where);
  if (!known) {
    throw runNotFound(runId);
  }
  await lockPartitionOf(tx, known.userId);
  const run = await tx.em.findOneOrFail(WorkflowEnrollmentEntity, where, {
    ...{ lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true },
  });
  if (!allowed.includes(run.state)) {
    throw new DomainError('RUN_STATE', `${action}: the run is ${run.state}, not ${allowed.join(' or ')}`, {
      metadata: { runId, state: run.state, allowed: allowed.join(',') },
    });
  }
  const before = describe(run);
  await apply(run);
  audit(change, {
    ...{ action, targetType: 'run', targetId: runId, userId: run.userId },
    ...{ before, after: describe(run) },
  });
}

function describe({ workflowId, state, nextStep, endedReason }: WorkflowEnrollment) {
  return { workflowId, state, nextStep, endedReason: endedReason ?? null };
}
