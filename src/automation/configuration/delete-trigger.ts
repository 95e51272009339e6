/** DeleteTrigger: soft; its history stays, and RestoreTrigger brings it back. */
import type { DeleteTriggerRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Change } from '../../store/change.ts';
import { requireEtagIfGiven } from './etag.ts';
import { recordTrigger, triggerBefore } from './record.ts';
import { bumpRevision } from './revision.ts';
import { requireTrigger, requireWorkflow } from './workflows.ts';

/** TRIGGER_NOT_FOUND, ETAG_MISMATCH. One that is deleted stays as it is. */
export async function deleteTrigger(change: Change, request: DeleteTriggerRequest): Promise<void> {
  const { tx, now } = change;
  const revision = await bumpRevision(tx);
  const trigger = await requireTrigger(tx, request.triggerId);
  requireEtagIfGiven(request.etag, trigger);
  if (trigger.deletedAt) {
    return;
  }
  const workflow = await requireWorkflow(tx, trigger.workflowId);
  const before = triggerBefore(trigger, workflow);
  trigger.deletedAt = now;
  trigger.version += 1;
  trigger.updatedAt = now;
  await recordTrigger(change, revision, { trigger, workflow, action: 'DeleteTrigger', before });
}
