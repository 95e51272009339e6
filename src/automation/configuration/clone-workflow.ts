/** CloneWorkflow: adds a DRAFT with the actions, exits and trigger of a workflow. */
import type { CloneWorkflowRequest } from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Change } from '../../store/change.ts';
import { type Configured, type ContextConfig, loadConfigurationContext } from './configuration-context.ts';
import { addWorkflow } from './create-workflow.ts';
import { bumpRevision } from './etag.ts';
import { readStoredActions } from './stored-actions.ts';
import { readStoredExits } from './stored-exits.ts';
import { requireNone } from './validation/field-checks.ts';
import { readRecordedTrigger } from './validation/validate-trigger.ts';
import { validateStored, validateTexts } from './validation/validate-workflow.ts';
import { lastTriggerOf, requireWorkflow } from './workflows.ts';

const SUFFIX = ' (copy)';

/**
 * With the secrets of its webhooks; an ARCHIVED workflow gives the trigger that was deleted with it. WORKFLOW_NOT_FOUND,
 * TRIGGER_LOOP; VALIDATION_FAILED when it does not match what the account has today.
 */
export async function cloneWorkflow(
  change: Change,
  request: CloneWorkflowRequest,
  config: ContextConfig,
): Promise<Configured> {
  const { tx } = change;
  const revision = await bumpRevision(tx);
  const context = await loadConfigurationContext(tx, config);
  const original = await requireWorkflow(tx, request.workflowId);
  const trigger = await lastTriggerOf(tx, original);
  const name = request.name || nameOfCopy(original.name, config.limits.workflowNameCharacters);
  requireNone([
    ...validateTexts({ name }, context),
    ...(await validateStored(tx, original, context, trigger?.triggerEvent)),
  ]);
  const draft = {
    name,
    description: original.description,
    tags: original.tags,
    actions: readStoredActions(original.actions),
    exits: readStoredExits(original.exits),
    trigger: trigger ? readRecordedTrigger(trigger, context.types, config.limits, 'trigger') : undefined,
  };
  return addWorkflow(change, revision, draft, { context, action: 'CloneWorkflow' });
}

/** Characters are counted as the check of names does. */
function nameOfCopy(name: string, mostCharacters: number): string {
  return [...name].slice(0, mostCharacters - SUFFIX.length).join('') + SUFFIX;
}
