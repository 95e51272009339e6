/** DeleteWorkflow: archives the workflow, deletes its trigger, and cancels its runs. */
import { sql } from 'kysely';
import type { DeleteWorkflowRequest } from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import { lockPartitions, PARTITIONS } from '../../store/lock-partition.ts';
import { instantToText } from '../../values/instant.ts';
import { toOwnCapName } from '../decision/trigger-policy.ts';
import { type HeldCapSlot, loadHeldCapCounters, releaseCapSlots } from '../evaluation/queued-enrollment.ts';
import { bumpRevision, requireEtagIfGiven } from './etag.ts';
import { auditedWorkflow, recordTrigger, recordWorkflow, triggerBefore } from './record.ts';
import { liveTriggerOf, requireWorkflow } from './workflows.ts';

const ACTION = 'DeleteWorkflow';

/** WORKFLOW_NOT_FOUND, ETAG_MISMATCH. An ARCHIVED workflow stays as it is. */
export async function deleteWorkflow(change: Change, request: DeleteWorkflowRequest): Promise<void> {
  const { tx, now } = change;
  const revision = await bumpRevision(tx);
  // Takes the partition locks before any row lock, as evaluation does. An evaluation under way commits first,
  // so that its runs are cancelled here; a later one sees the archived workflow.
  await lockPartitions(tx, [...Array(PARTITIONS).keys()]);
  const workflow = await requireWorkflow(tx, request.workflowId);
  requireEtagIfGiven(request.etag, workflow);
  if (workflow.status === 'ARCHIVED') {
    return;
  }
  const trigger = await liveTriggerOf(tx, workflow.id);
  const before = auditedWorkflow(workflow);
  const ofTrigger = trigger && triggerBefore(trigger, workflow);
  workflow.status = 'ARCHIVED';
  workflow.version += 1;
  workflow.updatedAt = now;
  recordWorkflow(change, workflow, { action: ACTION, before });
  if (trigger && ofTrigger) {
    trigger.deletedAt = now;
    trigger.version += 1;
    trigger.updatedAt = now;
    await recordTrigger(change, revision, { trigger, workflow, action: ACTION, before: ofTrigger });
  }
  await cancelRuns(change, workflow.id);
  await forgetOwnCaps(tx, workflow.id);
}

/**
 * In order of their ids, so that concurrent transactions that lock several runs cannot deadlock. Runs that
 * have not started return their slots in caps, which other workflows may share.
 */
async function cancelRuns({ tx, now }: Change, workflowId: string): Promise<void> {
  const { rows: queued } = await sql<HeldCapSlot>`
    with running as (
      select id, state from workflow_enrollments
      where account_id = ${tx.accountId} and workflow_id = ${workflowId}
        and ended_at is null
      order by id
      for no key update
    ), cancelled as (
      update workflow_enrollments e
      set state = 'CANCELLED', due_at = null, paused_due_at = null, ended_at = ${instantToText(now)}::timestamptz,
        ended_reason = 'WORKFLOW_DELETED'
      from running r
      where e.account_id = ${tx.accountId} and e.id = r.id
      returning e.*, r.state as state_before
    )
    select workflow_id as "workflowId", trigger_id as "triggerId", trigger_version as "triggerVersion",
      enrolled_at as "enrolledAt"
    from cancelled where state_before = 'QUEUED'`.execute(tx.sql);
  if (queued.length > 0) {
    await releaseCapSlots(tx, await loadHeldCapCounters(tx, queued));
  }
}

/** No enrollments are left for these counters to count. */
async function forgetOwnCaps({ accountId, sql: db }: Transaction, workflowId: string): Promise<void> {
  await sql`
    delete from enrollment_caps
    where account_id = ${accountId} and name = ${toOwnCapName(workflowId)}`.execute(db);
}
