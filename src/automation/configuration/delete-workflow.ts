/** DeleteWorkflow: archives the workflow, deletes its trigger, and cancels its runs. */
import { sql } from 'kysely';
import type { DeleteWorkflowRequest } from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import { lockPartitions, PARTITIONS } from '../../store/lock-partition.ts';
import { endRuns } from '../actions/end-runs.ts';
import { toOwnCapName } from '../decision/trigger-policy.ts';
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
  await endRuns(change, sql`workflow_id = ${workflow.id}`, 'WORKFLOW_DELETED');
  await forgetOwnCaps(tx, workflow.id);
}

/** No enrollments are left for these counters to count. */
async function forgetOwnCaps({ accountId, sql: db }: Transaction, workflowId: string): Promise<void> {
  await sql`
    delete from enrollment_caps
    where account_id = ${accountId} and name = ${toOwnCapName(workflowId)}`.execute(db);
}
