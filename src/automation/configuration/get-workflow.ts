/** GetWorkflow: a workflow with its trigger. */
import type { Transaction } from '../../store/database.ts';
import { liveTriggerOf, requireWorkflow, type WorkflowWithTrigger } from './workflows.ts';

/** ARCHIVED ones too. WORKFLOW_NOT_FOUND. */
export async function getWorkflow(tx: Transaction, workflowId: string): Promise<WorkflowWithTrigger> {
  const workflow = await requireWorkflow(tx, workflowId);
  return { workflow, trigger: await liveTriggerOf(tx, workflow.id) };
}
