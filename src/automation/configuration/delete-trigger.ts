/** DeleteTrigger: deletes a trigger softly. RestoreTrigger: restores it, validated like a new one. */
import type { DeleteTriggerRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Change } from '../../store/change.ts';
import {
  type ConfiguredTrigger,
  type ContextConfig,
  loadConfigurationContext,
} from './configuration-context.ts';
import { bumpRevision, requireEtagIfGiven } from './etag.ts';
import { recordTrigger, triggerBefore } from './record.ts';
import { replaceTrigger } from './update-trigger.ts';
import { readRecordedTrigger } from './validation/validate-trigger.ts';
import {
  liveTriggerOf,
  requireNotArchived,
  requireTrigger,
  requireWorkflow,
  triggerExists,
} from './workflows.ts';

/** TRIGGER_NOT_FOUND, ETAG_MISMATCH. A deleted trigger stays as it is. */
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

/**
 * TRIGGER_NOT_FOUND, VALIDATION_FAILED, WORKFLOW_ARCHIVED, TRIGGER_LOOP; TRIGGER_EXISTS when the workflow has
 * another trigger by now. A trigger that is not deleted stays as it is.
 */
export async function restoreTrigger(
  change: Change,
  triggerId: string,
  config: ContextConfig,
): Promise<ConfiguredTrigger> {
  const { tx } = change;
  const revision = await bumpRevision(tx);
  const trigger = await requireTrigger(tx, triggerId);
  if (!trigger.deletedAt) {
    return { trigger, warnings: [] };
  }
  const context = await loadConfigurationContext(tx, config);
  const draft = readRecordedTrigger(trigger, context.types, config.limits, 'trigger');
  const workflow = await requireWorkflow(tx, trigger.workflowId);
  requireNotArchived(workflow);
  if (await liveTriggerOf(tx, workflow.id)) {
    throw triggerExists(workflow.id);
  }
  return replaceTrigger(
    change,
    revision,
    { trigger, workflow, draft },
    { context, action: 'RestoreTrigger' },
  );
}
