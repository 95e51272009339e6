/** Workflows and their triggers as they are found: the account's own, or not at all. */
import { DomainError } from '../../errors/domain-error.ts';
import type { Transaction } from '../../store/database.ts';
import { type Workflow, WorkflowEntity } from '../../store/entities/workflow.ts';
import { type WorkflowTrigger, WorkflowTriggerEntity } from '../../store/entities/workflow-trigger.ts';

/** A workflow, and the trigger that it has; null: none that is not deleted. */
export interface WorkflowWithTrigger {
  readonly workflow: Workflow;
  readonly trigger: WorkflowTrigger | null;
}

/** The workflow with this id, ARCHIVED or not; or WORKFLOW_NOT_FOUND. */
export async function requireWorkflow(tx: Transaction, workflowId: string): Promise<Workflow> {
  const workflow = await tx.em.findOne(WorkflowEntity, { accountId: tx.accountId, id: workflowId });
  if (!workflow) {
    throw new DomainError('WORKFLOW_NOT_FOUND', `workflow ${workflowId} does not exist`, {
      metadata: { workflowId },
    });
  }
  return workflow;
}

/** WORKFLOW_ARCHIVED when nothing can change about it any more. */
export function requireNotArchived({ id, status }: Workflow): void {
  if (status === 'ARCHIVED') {
    throw new DomainError('WORKFLOW_ARCHIVED', `workflow ${id} was deleted`, {
      metadata: { workflowId: id },
    });
  }
}

export function liveTriggerOf(tx: Transaction, workflowId: string): Promise<WorkflowTrigger | null> {
  return tx.em.findOne(WorkflowTriggerEntity, { accountId: tx.accountId, workflowId, deletedAt: null });
}

/** The trigger with this id, deleted or not; or TRIGGER_NOT_FOUND. */
export async function requireTrigger(tx: Transaction, triggerId: string): Promise<WorkflowTrigger> {
  const trigger = await tx.em.findOne(WorkflowTriggerEntity, { accountId: tx.accountId, id: triggerId });
  if (!trigger) {
    throw new DomainError('TRIGGER_NOT_FOUND', `trigger ${triggerId} does not exist`, {
      metadata: { triggerId },
    });
  }
  return trigger;
}

/** TRIGGER_DELETED, for what only a trigger that is not deleted takes. */
export function requireNotDeleted({ id, deletedAt }: WorkflowTrigger): void {
  if (deletedAt !== null && deletedAt !== undefined) {
    throw new DomainError('TRIGGER_DELETED', `trigger ${id} is deleted`, { metadata: { triggerId: id } });
  }
}

export function triggerExists(workflowId: string): DomainError {
  return new DomainError('TRIGGER_EXISTS', 'Trigger already exists', { metadata: { workflowId } });
}
