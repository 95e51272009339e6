/**
 * UpdateWorkflow: replaces the fields that the request sets; runs under way keep the actions that they
 * started with.
 */
import type { UpdateWorkflowRequest } from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Change } from '../../store/change.ts';
import { type Configured, type ContextConfig, loadConfigurationContext } from './configuration-context.ts';
import { bumpRevision, requireEtag } from './etag.ts';
import { auditedWorkflow, recordWorkflow } from './record.ts';
import { canonicalActions, keepSecrets, readStoredActions, storedActions } from './stored-actions.ts';
import { canonicalExits, storedExits } from './stored-exits.ts';
import { requireNone } from './validation/field-checks.ts';
import { validateExits } from './validation/validate-flow.ts';
import { validateNamedActions, validateTexts } from './validation/validate-workflow.ts';
import { checkConfigured, missingSecrets } from './warnings.ts';
import { liveTriggerOf, requireNotArchived, requireWorkflow } from './workflows.ts';

/** VALIDATION_FAILED, WORKFLOW_NOT_FOUND, WORKFLOW_ARCHIVED, ETAG_MISMATCH, TRIGGER_LOOP. */
export async function updateWorkflow(
  change: Change,
  request: UpdateWorkflowRequest,
  config: ContextConfig,
): Promise<Configured> {
  const { tx, now } = change;
  const revision = await bumpRevision(tx);
  const context = await loadConfigurationContext(tx, config);
  const actions = request.actions && canonicalActions(request.actions.actions);
  const exits = request.exits && canonicalExits(request.exits.exits);
  const workflow = await requireWorkflow(tx, request.workflowId);
  const trigger = await liveTriggerOf(tx, workflow.id);
  requireNone([
    ...validateTexts(request, context),
    ...(actions
      ? await validateNamedActions(tx, actions, context, {
          path: 'actions.actions',
          triggerEvent: trigger?.triggerEvent,
        })
      : []),
    ...(exits ? validateExits(exits, { types: context.types, limits: config.limits }, 'exits.exits') : []),
    ...(actions?.length === 0 && workflow.status === 'ACTIVE'
      ? [{ field: 'actions.actions', description: 'must have an action while the workflow is ACTIVE' }]
      : []),
  ]);
  requireNotArchived(workflow);
  requireEtag(request.etag, workflow);
  const before = auditedWorkflow(workflow);
  if (actions) {
    keepSecrets(actions, readStoredActions(workflow.actions));
    workflow.actions = storedActions(actions);
  }
  workflow.exits = exits ? storedExits(exits) : workflow.exits;
  workflow.name = request.name ?? workflow.name;
  workflow.description = request.description ?? workflow.description;
  workflow.version += 1;
  workflow.updatedAt = now;
  if (trigger) {
    trigger.revision = revision;
  }
  recordWorkflow(change, workflow, { action: 'UpdateWorkflow', before });
  const missing = missingSecrets(request.actions?.actions ?? [], actions ?? [], 'actions.actions');
  const warnings = [...missing, ...(await checkConfigured(tx, { workflow, trigger }, context))];
  return { workflow, trigger, warnings };
}
