/** CancelRuns: counts the runs of a workflow that the request chooses, and cancels them when the count is confirmed. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { type RawBuilder, sql } from 'kysely';
import { enumName } from '../../calls/enum-name.ts';
import type { Limits } from '../../config/config.ts';
import {
  type CancelRunsRequest,
  type CancelRunsResponseSchema,
  WorkflowEnrollmentStateSchema,
} from '../../gen/automation/v1/workflow_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import { lockPartitions, PARTITIONS } from '../../store/lock-partition.ts';
import { instantOfField, instantToText } from '../../values/instant.ts';
import { endRuns } from '../actions/end-runs.ts';
import { requireWorkflow } from '../configuration/workflows.ts';
import { createConfirmation, requireConfirmation } from './confirmation-token.ts';

/** WORKFLOW_NOT_FOUND, VALIDATION_FAILED, CONFIRMATION_STALE. */
export async function cancelRuns(
  change: Change,
  request: CancelRunsRequest,
  limits: Pick<Limits, 'cancelledRuns' | 'confirmationMs'>,
): Promise<MessageInitShape<typeof CancelRunsResponseSchema>> {
  const { tx, now } = change;
  const { chosen, texts } = choiceOf(request);
  if (request.confirmationToken) {
    // As DeleteWorkflow does: an evaluation under way commits first, so that its runs are counted.
    await lockPartitions(tx, [...Array(PARTITIONS).keys()]);
  }
  const { id: workflowId } = await requireWorkflow(tx, request.workflowId);
  const { accountId } = tx;
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from workflow_enrollments
    where account_id = ${accountId} and ended_at is null and ${chosen}`.execute(tx.sql);
  const matchingCount = rows[0]?.count ?? 0;
  const plan = {
    method: 'CancelRuns',
    accountId,
    workflowId,
    state: texts,
    count: matchingCount,
    mayShrink: true,
  };
  if (!request.confirmationToken) {
    return { matchingCount, confirmationToken: createConfirmation(plan, now) };
  }
  requireConfirmation(request.confirmationToken, plan, now, limits);
  const cancelledCount = await endRuns(change, chosen, 'CANCELLED_BY_HAND', limits.cancelledRuns);
  if (cancelledCount > 0) {
    audit(change, {
      ...{ action: 'CancelRuns', targetType: 'workflow', targetId: workflowId },
      ...{ before: { matchingRuns: matchingCount }, after: { cancelledRuns: cancelledCount } },
    });
  }
  return { matchingCount, cancelledCount };
}

/** The filter of the request as an SQL condition, and as the texts that its token is bound to. */
function choiceOf({ workflowId, state, startTime, endTime }: CancelRunsRequest): {
  readonly chosen: RawBuilder<unknown>;
  readonly texts: string[];
} {
  const only = state === 0 ? '' : enumName(WorkflowEnrollmentStateSchema, state);
  const start = startTime ? instantToText(instantOfField(startTime, 'start_time')) : '-infinity';
  const end = endTime ? instantToText(instantOfField(endTime, 'end_time')) : 'infinity';
  const chosen = sql`workflow_id = ${workflowId} and (${only} = '' or state = ${only})
    and recorded_at >= ${start}::timestamptz and recorded_at < ${end}::timestamptz`;
  return { chosen, texts: [only, start, end] };
}
