/** Brings a workflow into another status, with what that means for its trigger. */
import type { Change } from '../../store/change.ts';
import { standingOf } from './participation.ts';
import { auditedWorkflow, followStatus, recordWorkflow } from './record.ts';
import type { WorkflowWithTrigger } from './workflows.ts';

/** A version of the workflow; the trigger keeps its own, and begins or stops to take part. */
export async function changeStatus(
  change: Change,
  revision: bigint,
  { workflow, trigger, status, action }: WorkflowWithTrigger & { status: string; action: string },
): Promise<void> {
  const before = auditedWorkflow(workflow);
  const standing = trigger && standingOf(trigger, workflow);
  workflow.status = status;
  workflow.version += 1;
  workflow.updatedAt = change.now;
  recordWorkflow(change, workflow, { action, before });
  if (trigger && standing) {
    await followStatus(change, revision, { trigger, workflow, before: standing });
  }
}
