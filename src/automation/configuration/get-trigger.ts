/** GetTrigger: a trigger, deleted or not. */
import type { Transaction } from '../../store/database.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import { requireTrigger } from './workflows.ts';

/** TRIGGER_NOT_FOUND. */
export function getTrigger(tx: Transaction, triggerId: string): Promise<WorkflowTrigger> {
  return requireTrigger(tx, triggerId);
}
