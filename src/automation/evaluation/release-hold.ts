/** ReleaseHold: ends the loop guard's holds, so that a workflow enrolls the athletes again. */
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import type { ReleaseHoldRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import { requireUser } from '../../store/lock-user.ts';
import { instantToText } from '../../values/instant.ts';
import { requireWorkflow } from '../configuration/workflows.ts';

/**
 * Returns the number of released holds. Enrollments before the release do not count towards another hold.
 * Errors: WORKFLOW_NOT_FOUND, USER_NOT_FOUND.
 */
export async function releaseHold(
  change: Change,
  request: ReleaseHoldRequest,
  { holdQuietMs }: Pick<Limits, 'holdQuietMs'>,
): Promise<number> {
  const { tx, now } = change;
  const { workflowId, userId } = request;
  await requireWorkflow(tx, workflowId);
  if (userId) {
    await requireUser(tx, userId);
  }
  const { rows } = await sql<{ user_id: string; held_at: string }>`
    update workflow_holds set released_at = ${instantToText(now)}::timestamptz
    where account_id = ${tx.accountId} and workflow_id = ${workflowId} and released_at is null
      and last_event_at > ${instantToText(now - BigInt(holdQuietMs) * 1000n)}::timestamptz
      and (${userId || null}::uuid is null or user_id = ${userId || null}::uuid)
    returning user_id, held_at`.execute(tx.sql);
  for (const row of rows) {
    audit(change, {
      action: 'ReleaseHold',
      targetType: 'workflow',
      targetId: workflowId,
      userId: row.user_id,
      before: { heldAt: row.held_at },
      after: null,
    });
  }
  return rows.length;
}
