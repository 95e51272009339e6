/** RestoreWorkflow: brings a deleted workflow back, with the trigger that was deleted with it. */
import type { Change } from '../../store/change.ts';
import { WorkflowVersionEntity } from '../../store/entities/workflow-version.ts';
import { type Configured, type ContextConfig, loadConfigurationContext } from './configuration-context.ts';
import { bumpRevision } from './etag.ts';
import { replaceTrigger } from './update-trigger.ts';
import { requireNone } from './validation/field-checks.ts';
import { readRecordedTrigger } from './validation/validate-trigger.ts';
import { validateStored } from './validation/validate-workflow.ts';
import { changeStatus } from './workflow-status.ts';
import { lastTriggerOf, requireWorkflow } from './workflows.ts';

const ACTION = 'RestoreWorkflow';

/**
 * As a DRAFT when it was one, else PAUSED; its runs stay cancelled. WORKFLOW_NOT_FOUND, TRIGGER_LOOP; VALIDATION_FAILED
 * when it does not match what the account has today. A workflow that is not ARCHIVED stays as it is.
 */
export async function restoreWorkflow(
  change: Change,
  workflowId: string,
  config: ContextConfig,
): Promise<Configured> {
  const { tx } = change;
  const revision = await bumpRevision(tx);
  const workflow = await requireWorkflow(tx, workflowId);
  const trigger = await lastTriggerOf(tx, workflow);
  if (workflow.status !== 'ARCHIVED') {
    return { workflow, trigger, warnings: [] };
  }
  const context = await loadConfigurationContext(tx, config);
  requireNone(await validateStored(tx, workflow, context, trigger?.triggerEvent));
  const draft = trigger && readRecordedTrigger(trigger, context.types, config.limits, 'trigger');
  const { accountId, em } = tx;
  const before = await em.findOne(WorkflowVersionEntity, {
    accountId,
    workflowId,
    version: workflow.version - 1,
  });
  const status = before?.status === 'DRAFT' ? 'DRAFT' : 'PAUSED';
  await changeStatus(change, revision, { workflow, trigger: null, status, action: ACTION });
  if (!trigger || !draft) {
    return { workflow, trigger, warnings: [] };
  }
  const place = { trigger, workflow, draft };
  const { warnings } = await replaceTrigger(change, revision, place, { context, action: ACTION });
  return { workflow, trigger, warnings };
}
