/** UpdateTrigger: replaces the trigger's configuration. */
import type { UpdateTriggerRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Change } from '../../store/change.ts';
import type { Workflow } from '../../store/entities/workflow.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import {
  type ConfigurationContext,
  type ConfiguredTrigger,
  type ContextConfig,
  loadConfigurationContext,
} from './configuration-context.ts';
import { bumpRevision, requireEtag } from './etag.ts';
import { recordTrigger, triggerBefore } from './record.ts';
import { storedTrigger, type TriggerDraft } from './trigger-draft.ts';
import { readRequiredTrigger } from './validation/validate-trigger.ts';
import { requireActionsFor } from './validation/validate-workflow.ts';
import { checkConfigured } from './warnings.ts';
import { requireNotDeleted, requireTrigger, requireWorkflow } from './workflows.ts';

/** VALIDATION_FAILED, TRIGGER_NOT_FOUND, TRIGGER_DELETED, ETAG_MISMATCH, TRIGGER_LOOP. */
export async function updateTrigger(
  change: Change,
  request: UpdateTriggerRequest,
  config: ContextConfig,
): Promise<ConfiguredTrigger> {
  const { tx } = change;
  const revision = await bumpRevision(tx);
  const context = await loadConfigurationContext(tx, config);
  const draft = readRequiredTrigger(request.trigger, context.types, config.limits, 'trigger');
  const trigger = await requireTrigger(tx, request.triggerId);
  requireNotDeleted(trigger);
  requireEtag(request.etag, trigger);
  const workflow = await requireWorkflow(tx, trigger.workflowId);
  return replaceTrigger(change, revision, { trigger, workflow, draft }, { context, action: 'UpdateTrigger' });
}

/**
 * Stores a valid draft as the newest version, and restores a deleted trigger. TRIGGER_LOOP. `action` is the
 * name of the RPC.
 */
export async function replaceTrigger(
  change: Change,
  revision: bigint,
  { trigger, workflow, draft }: { trigger: WorkflowTrigger; workflow: Workflow; draft: TriggerDraft },
  { context, action }: { context: ConfigurationContext; action: string },
): Promise<ConfiguredTrigger> {
  await requireActionsFor(change.tx, { workflow, draft }, context);
  const before = triggerBefore(trigger, workflow);
  Object.assign(trigger, storedTrigger(draft));
  trigger.deletedAt = null;
  trigger.version += 1;
  trigger.updatedAt = change.now;
  // Flushed first, because the schedule is read from the database.
  await change.tx.em.flush();
  await recordTrigger(change, revision, { trigger, workflow, action, before });
  return { trigger, warnings: await checkConfigured(change.tx, { workflow, trigger }, context) };
}
