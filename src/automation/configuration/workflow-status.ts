/** ActivateWorkflow and PauseWorkflow: start and stop a workflow's trigger; runs under way continue. */
import { DomainError } from '../../errors/domain-error.ts';
import type {
  ActivateWorkflowRequest,
  PauseWorkflowRequest,
} from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Change } from '../../store/change.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import { readActivation } from './activation.ts';
import {
  type ConfigurationContext,
  type Configured,
  type ContextConfig,
  loadConfigurationContext,
} from './configuration-context.ts';
import { bumpRevision, requireEtagIfGiven } from './etag.ts';
import { auditedWorkflow, followStatus, recordWorkflow } from './record.ts';
import { readStoredTrigger } from './trigger-draft.ts';
import { requireNone } from './validation/field-checks.ts';
import { validateTrigger } from './validation/validate-trigger.ts';
import { validateStored } from './validation/validate-workflow.ts';
import { checkConfigured } from './warnings.ts';
import { liveTriggerOf, requireNotArchived, requireWorkflow, type WorkflowWithTrigger } from './workflows.ts';

/**
 * WORKFLOW_NOT_FOUND, WORKFLOW_ARCHIVED, ETAG_MISMATCH, WORKFLOW_INCOMPLETE, TRIGGER_LOOP; VALIDATION_FAILED
 * when the stored workflow is no longer valid. An ACTIVE workflow stays as it is.
 */
export async function activateWorkflow(
  change: Change,
  request: ActivateWorkflowRequest,
  config: ContextConfig,
): Promise<Configured> {
  const { tx } = change;
  const revision = await bumpRevision(tx);
  const workflow = await requireWorkflow(tx, request.workflowId);
  requireNotArchived(workflow);
  requireEtagIfGiven(request.etag, workflow);
  const trigger = await liveTriggerOf(tx, workflow.id);
  if (workflow.status === 'ACTIVE') {
    return { workflow, trigger, warnings: [] };
  }
  const context = await loadConfigurationContext(tx, config);
  await requireReady(change, { workflow, trigger }, context);
  await changeStatus(change, revision, { workflow, trigger, status: 'ACTIVE', action: 'ActivateWorkflow' });
  return { workflow, trigger, warnings: await checkConfigured(tx, { workflow, trigger }, context) };
}

/**
 * Validates again, because the account's events and fields may have changed since the workflow was stored.
 */
async function requireReady(
  { tx }: Change,
  { workflow, trigger }: WorkflowWithTrigger,
  context: ConfigurationContext,
): Promise<void> {
  const missing = [...(trigger ? [] : ['trigger']), ...(workflow.actions.length > 0 ? [] : ['actions'])];
  if (missing.length > 0) {
    throw new DomainError('WORKFLOW_INCOMPLETE', `the workflow has no ${missing.join(' and no ')}`, {
      metadata: { workflowId: workflow.id, missing: missing.join(',') },
    });
  }
  requireNone([
    ...(await validateStored(tx, workflow, context, trigger?.triggerEvent)),
    ...(trigger ? violationsOf(trigger, context) : []),
  ]);
}

function violationsOf(trigger: WorkflowTrigger, { types, config }: ConfigurationContext) {
  return validateTrigger(readStoredTrigger(trigger), types, config.limits, 'trigger');
}

/**
 * WORKFLOW_NOT_FOUND, WORKFLOW_ARCHIVED, ETAG_MISMATCH; WORKFLOW_NOT_ACTIVE for a DRAFT. A PAUSED workflow
 * stays as it is.
 */
export async function pauseWorkflow(
  change: Change,
  request: PauseWorkflowRequest,
): Promise<WorkflowWithTrigger> {
  const { tx } = change;
  const revision = await bumpRevision(tx);
  const workflow = await requireWorkflow(tx, request.workflowId);
  requireNotArchived(workflow);
  requireEtagIfGiven(request.etag, workflow);
  const trigger = await liveTriggerOf(tx, workflow.id);
  if (workflow.status === 'DRAFT') {
    throw new DomainError('WORKFLOW_NOT_ACTIVE', `workflow ${workflow.id} is a DRAFT`, {
      metadata: { workflowId: workflow.id, status: workflow.status },
    });
  }
  if (workflow.status === 'ACTIVE') {
    await changeStatus(change, revision, { workflow, trigger, status: 'PAUSED', action: 'PauseWorkflow' });
  }
  return { workflow, trigger };
}

/** Records a version of the workflow. The trigger keeps its version, and becomes active or inactive. */
export async function changeStatus(
  change: Change,
  revision: bigint,
  { workflow, trigger, status, action }: WorkflowWithTrigger & { status: string; action: string },
): Promise<void> {
  const before = auditedWorkflow(workflow);
  const activation = trigger && readActivation(trigger, workflow);
  workflow.status = status;
  workflow.version += 1;
  workflow.updatedAt = change.now;
  recordWorkflow(change, workflow, { action, before });
  if (trigger && activation) {
    await followStatus(change, revision, { trigger, workflow, before: activation });
  }
}
