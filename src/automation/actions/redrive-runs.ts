/** RedriveRuns: retries the runs of a workflow that failed since a time, as RetryRun does for one. */
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import type { RedriveRunsRequest } from '../../gen/automation/v1/workflow_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import { lockPartitions, PARTITIONS } from '../../store/lock-partition.ts';
import { instantOfField, instantToText } from '../../values/instant.ts';
import { requireNotArchived, requireWorkflow } from '../configuration/workflows.ts';

/** Oldest failure first, at most `redrivenRuns`. WORKFLOW_NOT_FOUND, WORKFLOW_ARCHIVED, VALIDATION_FAILED. */
export async function redriveRuns(
  change: Change,
  { workflowId, failedSince, reason }: RedriveRunsRequest,
  limits: Pick<Limits, 'redrivenRuns'>,
): Promise<{ redrivenCount: number; remainingCount: number }> {
  const { tx, now } = change;
  // As DeleteWorkflow does, so that no run of a deleted workflow goes on.
  await lockPartitions(tx, [...Array(PARTITIONS).keys()]);
  requireNotArchived(await requireWorkflow(tx, workflowId));
  const since = failedSince ? instantToText(instantOfField(failedSince, 'failed_since')) : '-infinity';
  const failed = sql`
    account_id = ${tx.accountId} and workflow_id = ${workflowId} and state = 'FAILED'
      and ended_at >= ${since}::timestamptz and (${reason} = '' or ended_reason = ${reason})`;
  const { rows } = await sql<{ redriven: number; failed: number }>`
    with failed as (select count(*)::int as count from workflow_enrollments where ${failed}),
    chosen as (
      select id from workflow_enrollments where ${failed}
      order by ended_at, id limit ${limits.redrivenRuns} for no key update
    ), redriven as (
      update workflow_enrollments e
      set state = case when e.ended_reason = 'ERROR' then 'QUEUED' else 'ACTIVE' end, attempts = 0,
        due_at = ${instantToText(now)}::timestamptz, ended_at = null, ended_reason = null
      from chosen c where e.account_id = ${tx.accountId} and e.id = c.id
      returning e.id
    )
    select (select count(*)::int from redriven) as redriven, (select count from failed) as failed`.execute(
    tx.sql,
  );
  const { redriven, failed: before } = rows[0] ?? { redriven: 0, failed: 0 };
  if (redriven > 0) {
    audit(change, {
      ...{ action: 'RedriveRuns', targetType: 'workflow', targetId: workflowId },
      ...{ before: { failedRuns: before }, after: { failedRuns: before - redriven } },
    });
  }
  return { redrivenCount: redriven, remainingCount: before - redriven };
}
