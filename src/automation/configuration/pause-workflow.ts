/** PauseWorkflow: its trigger takes part no more; runs under way go on. */
import { DomainError } from '../../domain-error.ts';
import type { PauseWorkflowRequest } from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Change } from '../../store/change.ts';
import { changeStatus } from './change-status.ts';
import { requireEtagIfGiven } from './etag.ts';
import { bumpRevision } from './revision.ts';
import { liveTriggerOf, requireNotArchived, requireWorkflow, type WorkflowWithTrigger } from './workflows.ts';

/**
 * WORKFLOW_NOT_FOUND, WORKFLOW_ARCHIVED, ETAG_MISMATCH; WORKFLOW_NOT_ACTIVE for a DRAFT. One that is PAUSED stays as
 * it is.
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
