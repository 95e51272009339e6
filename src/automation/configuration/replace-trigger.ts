/** Makes a draft the newest version of a trigger, for the calls that do so. */
import type { Change } from '../../store/change.ts';
import type { Workflow } from '../../store/entities/workflow.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import type { ConfiguredTrigger } from './configured.ts';
import { guardLoops } from './loops/guard-loops.ts';
import { recordTrigger, triggerBefore } from './record.ts';
import type { Rulebook } from './rulebook.ts';
import { storedTrigger, type TriggerDraft } from './trigger-draft.ts';

/** The draft is valid; a deleted trigger is so no more. TRIGGER_LOOP. `action` is the method's name. */
export async function replaceTrigger(
  change: Change,
  revision: bigint,
  { trigger, workflow, draft }: { trigger: WorkflowTrigger; workflow: Workflow; draft: TriggerDraft },
  { rulebook, action }: { rulebook: Rulebook; action: string },
): Promise<ConfiguredTrigger> {
  const before = triggerBefore(trigger, workflow);
  Object.assign(trigger, storedTrigger(draft));
  trigger.deletedAt = null;
  trigger.version += 1;
  trigger.updatedAt = change.now;
  // What is scheduled by it is read from the database.
  await change.tx.em.flush();
  await recordTrigger(change, revision, { trigger, workflow, action, before });
  return { trigger, warnings: await guardLoops(change.tx, { workflow, trigger }, rulebook) };
}
