/**
 * UpdateWorkflow: replaces the fields that the request sets; runs under way keep the version that they started with, or are
 * moved to the new one.
 */
import { canonicalTags } from '../../athletes/tags.ts';
import type { UpdateWorkflowRequest } from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Change } from '../../store/change.ts';
import type { Workflow } from '../../store/entities/workflow.ts';
import {
  type ConfigurationContext,
  type Configured,
  type ContextConfig,
  loadConfigurationContext,
  type Warning,
} from './configuration-context.ts';
import { bumpRevision, requireEtag } from './etag.ts';
import { lockForMove, type MovedRuns, moveRuns } from './move-runs.ts';
import { auditedWorkflow, recordWorkflow } from './record.ts';
import { canonicalActions, keepSecrets, readStoredActions, storedActions } from './stored-actions.ts';
import { canonicalExits, storedExits } from './stored-exits.ts';
import { requireNone } from './validation/field-checks.ts';
import { validateExits } from './validation/validate-flow.ts';
import { validateNamedActions, validateTags, validateTexts } from './validation/validate-workflow.ts';
import { checkConfigured, missingSecrets } from './warnings.ts';
import { liveTriggerOf, requireNotArchived, requireWorkflow, type WorkflowWithTrigger } from './workflows.ts';

/** VALIDATION_FAILED, WORKFLOW_NOT_FOUND, WORKFLOW_ARCHIVED, ETAG_MISMATCH, TRIGGER_LOOP. */
export async function updateWorkflow(
  change: Change,
  request: UpdateWorkflowRequest,
  config: ContextConfig,
): Promise<Configured & Partial<MovedRuns>> {
  const { tx } = change;
  const revision = await bumpRevision(tx);
  await (request.moveRuns && lockForMove(tx));
  const context = await loadConfigurationContext(tx, config);
  const actions = request.actions && canonicalActions(request.actions.actions);
  const exits = request.exits && canonicalExits(request.exits.exits);
  const tags = request.tags && canonicalTags(request.tags.tags);
  const workflow = await requireWorkflow(tx, request.workflowId);
  const trigger = await liveTriggerOf(tx, workflow.id);
  requireNone([
    ...validateTexts(request, context),
    ...(tags ? validateTags(tags, context, 'tags.tags') : []),
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
  if (actions) {
    keepSecrets(actions, readStoredActions(workflow.actions));
  }
  const { name = workflow.name, description = workflow.description } = request;
  const values = {
    ...{ name, description, tags: tags ?? workflow.tags },
    actions: actions ? storedActions(actions) : workflow.actions,
    exits: exits ? storedExits(exits) : workflow.exits,
  };
  const missing = missingSecrets(request.actions?.actions ?? [], actions ?? [], 'actions.actions');
  const target = { workflow, trigger, values, action: 'UpdateWorkflow' };
  const warnings = [...missing, ...(await replaceWorkflow(change, revision, target, context))];
  const moved = request.moveRuns ? await moveRuns(change, target) : {};
  return { workflow, trigger, warnings, ...moved };
}

interface Replacement extends WorkflowWithTrigger {
  /** As they are stored. */
  readonly values: Pick<Workflow, 'name' | 'description' | 'tags' | 'actions' | 'exits'>;
  /** The name of the RPC. */
  readonly action: string;
}

/** Stores valid values as the newest version, and returns the warnings. TRIGGER_LOOP. */
export async function replaceWorkflow(
  change: Change,
  revision: bigint,
  { workflow, trigger, values, action }: Replacement,
  context: ConfigurationContext,
): Promise<Warning[]> {
  const before = auditedWorkflow(workflow);
  Object.assign(workflow, values);
  workflow.version += 1;
  workflow.updatedAt = change.now;
  if (trigger) {
    trigger.revision = revision;
  }
  recordWorkflow(change, workflow, { action, before });
  return checkConfigured(change.tx, { workflow, trigger }, context);
}
