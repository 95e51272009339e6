/** Finds workflows and triggers of the account. */
import { DomainError } from '../../errors/domain-error.ts';
import type { Transaction } from '../../store/database.ts';
import { type Workflow, WorkflowEntity } from '../../store/entities/workflow.ts';
import { type WorkflowTrigger, WorkflowTriggerEntity } from '../../store/entities/workflow-trigger.ts';

/** A workflow and its trigger; null when it has none that is not deleted. */
export interface WorkflowWithTrigger {
  readonly workflow: Workflow;
  readonly trigger: WorkflowTrigger | null;
}

/** Finds ARCHIVED workflows too. Throws WORKFLOW_NOT_FOUND. */
export async function requireWorkflow(tx: Transaction, workflowId: string): Promise<Workflow> {
  const workflow = await tx.em.findOne(WorkflowEntity, { accountId: tx.accountId, id: workflowId });
  if (!workflow) {
    throw new DomainError('WORKFLOW_NOT_FOUND', `workflow ${workflowId} does not exist`, {
      metadata: { workflowId },
    });
  }
  return workflow;
}

/** Throws WORKFLOW_ARCHIVED: an archived workflow cannot change. */
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

/** Finds deleted triggers too. Throws TRIGGER_NOT_FOUND. */
export async function requireTrigger(tx: Transaction, triggerId: string): Promise<WorkflowTrigger> {
  const trigger = await tx.em.findOne(WorkflowTriggerEntity, { accountId: tx.accountId, id: triggerId });
  if (!trigger) {
    throw new DomainError('TRIGGER_NOT_FOUND', `trigger ${triggerId} does not exist`, {
      metadata: { triggerId },
    });
  }
  return trigger;
}

/** Throws TRIGGER_DELETED. */
export function requireNotDeleted({ id, deletedAt }: WorkflowTrigger): void {
  if (deletedAt !== null && deletedAt !== undefined) {
    throw new DomainError('TRIGGER_DELETED', `trigger ${id} is deleted`, { metadata: { triggerId: id } });
  }
}

export function triggerExists(workflowId: string): DomainError {
  return new DomainError('TRIGGER_EXISTS', 'Trigger already exists', { metadata: { workflowId } });
}
