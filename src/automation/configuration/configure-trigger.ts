/** ConfigureTrigger: adds a trigger to a workflow. */
import type { ConfigureTriggerRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Change } from '../../store/change.ts';
import type { Workflow } from '../../store/entities/workflow.ts';
import { type WorkflowTrigger, WorkflowTriggerEntity } from '../../store/entities/workflow-trigger.ts';
import { newId } from '../../values/new-id.ts';
import {
  type ConfiguredTrigger,
  type ContextConfig,
  loadConfigurationContext,
} from './configuration-context.ts';
import { bumpRevision } from './etag.ts';
import { NOTHING_BEFORE, recordTrigger } from './record.ts';
import { storedTrigger, type TriggerDraft } from './trigger-draft.ts';
import { readRequiredTrigger } from './validation/validate-trigger.ts';
import { requireActionsFor } from './validation/validate-workflow.ts';
import { checkConfigured } from './warnings.ts';
import { liveTriggerOf, requireNotArchived, requireWorkflow, triggerExists } from './workflows.ts';

/** VALIDATION_FAILED, WORKFLOW_NOT_FOUND, WORKFLOW_ARCHIVED, TRIGGER_EXISTS, TRIGGER_LOOP. */
export async function configureTrigger(
  change: Change,
  request: ConfigureTriggerRequest,
  config: ContextConfig,
): Promise<ConfiguredTrigger> {
  const { tx } = change;
  const revision = await bumpRevision(tx);
  const context = await loadConfigurationContext(tx, config);
  const draft = readRequiredTrigger(request.trigger, context.types, config.limits, 'trigger');
  const workflow = await requireWorkflow(tx, request.workflowId);
  requireNotArchived(workflow);
  if (await liveTriggerOf(tx, workflow.id)) {
    throw triggerExists(workflow.id);
  }
  await requireActionsFor(tx, { workflow, draft }, context);
  const trigger = await addTrigger(change, revision, { workflow, draft, action: 'ConfigureTrigger' });
  return { trigger, warnings: await checkConfigured(tx, { workflow, trigger }, context) };
}

/** Adds a valid draft. TRIGGER_EXISTS when the workflow has a trigger. `action` is the name of the RPC. */
export async function addTrigger(
  change: Change,
  revision: bigint,
  { workflow, draft, action }: { workflow: Workflow; draft: TriggerDraft; action: string },
): Promise<WorkflowTrigger> {
  const { tx, now, actor } = change;
  const trigger = tx.em.create(WorkflowTriggerEntity, {
    ...{ accountId: tx.accountId, id: newId(), workflowId: workflow.id, ...storedTrigger(draft) },
    ...{ version: 1, revision, createdBy: actor, createdAt: now, updatedAt: now, deletedAt: null },
  });
  // Flushed first: version, activity and schedule reference the trigger, which MikroORM does not know.
  await tx.em.flush();
  await recordTrigger(change, revision, { trigger, workflow, action, before: NOTHING_BEFORE });
  return trigger;
}
