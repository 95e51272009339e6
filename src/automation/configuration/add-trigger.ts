/** Gives a workflow a trigger, for the calls that do so. */
import { newId } from '../../new-id.ts';
import type { Change } from '../../store/change.ts';
import type { Workflow } from '../../store/entities/workflow.ts';
import { type WorkflowTrigger, WorkflowTriggerEntity } from '../../store/entities/workflow-trigger.ts';
import { NOTHING_BEFORE, recordTrigger } from './record.ts';
import { storedTrigger, type TriggerDraft } from './trigger-draft.ts';

/** The draft is valid. TRIGGER_EXISTS when the workflow has a trigger after all. `action` is the method's name. */
export async function addTrigger(
  change: Change,
  revision: bigint,
  { workflow, draft, action }: { workflow: Workflow; draft: TriggerDraft; action: string },
): Promise<WorkflowTrigger> {
  const { tx, now, actor } = change;
  const trigger = tx.em.create(WorkflowTriggerEntity, {
    ...{ accountId: tx.accountId, id: newId(), workflowId: workflow.id, ...storedTrigger(draft) },
    ...{ version: 1, revision, createdBy: actor, createdAt: now, updatedAt: now, deletedAt: null },
  });
  // Its version, its activity and its schedule refer to it, which MikroORM does not know.
  await tx.em.flush();
  await recordTrigger(change, revision, { trigger, workflow, action, before: NOTHING_BEFORE });
  return trigger;
}
