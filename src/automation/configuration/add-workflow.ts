/** Makes a workflow and its trigger, for the calls that do so. */
import type { Action } from '../../gen/automation/v1/action_pb.ts';
import { newId } from '../../new-id.ts';
import type { Change } from '../../store/change.ts';
import { WorkflowEntity } from '../../store/entities/workflow.ts';
import { addTrigger } from './add-trigger.ts';
import type { Configured } from './configured.ts';
import { guardLoops } from './loops/guard-loops.ts';
import { recordWorkflow } from './record.ts';
import type { Rulebook } from './rulebook.ts';
import { storedActions } from './stored-actions.ts';
import type { TriggerDraft } from './trigger-draft.ts';

/** A workflow that does not exist yet; valid. */
export interface WorkflowDraft {
  readonly name: string;
  readonly description: string;
  readonly actions: readonly Action[];
  readonly trigger: TriggerDraft | undefined;
}

/** A DRAFT. `action` is the method's name. */
export async function addWorkflow(
  change: Change,
  revision: bigint,
  draft: WorkflowDraft,
  { rulebook, action }: { rulebook: Rulebook; action: string },
): Promise<Configured> {
  const { tx, now, actor } = change;
  const { name, description } = draft;
  const workflow = tx.em.create(WorkflowEntity, {
    ...{ accountId: tx.accountId, id: newId(), name, description, status: 'DRAFT', version: 1 },
    ...{ actions: storedActions(draft.actions), createdBy: actor, createdAt: now, updatedAt: now },
  });
  // Its version refers to it, which MikroORM does not know.
  await tx.em.flush();
  recordWorkflow(change, workflow, { action, before: null });
  const trigger = draft.trigger
    ? await addTrigger(change, revision, { workflow, draft: draft.trigger, action })
    : null;
  return { workflow, trigger, warnings: await guardLoops(tx, { workflow, trigger }, rulebook) };
}
