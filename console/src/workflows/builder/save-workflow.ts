/** Stores a draft: a new workflow with one call, a changed one with a call for each part that differs. */
import type { Warning } from '../../../../src/gen/automation/v1/trigger_pb.ts';
import type { Workflow } from '../../../../src/gen/automation/v1/workflow_service_pb.ts';
import { triggers, workflows } from '../../calls/clients.ts';
import { actionsOf, type Draft, draftOfWorkflow, exitsOf, triggerOf } from './draft.ts';

export interface Saved {
  readonly workflowId: string;
  readonly warnings: readonly Warning[];
}

export async function createWorkflow(draft: Draft): Promise<Saved> {
  const { name, description } = draft;
  const trigger = triggerOf(draft);
  const { workflow, warnings } = await workflows.createWorkflow({
    ...{ name, description, actions: actionsOf(draft).actions, exits: exitsOf(draft).exits },
    ...(trigger && { trigger }),
  });
  return { workflowId: workflow?.id ?? '', warnings };
}

/**
 * `stored` is what the draft was made of: a workflow that has changed since is refused with ETAG_MISMATCH. `onStored` is
 * called with what is stored after each call, so that a refusal of a later call does not send an earlier one again.
 */
export async function updateWorkflow(
  stored: Workflow,
  draft: Draft,
  onStored: (workflow: Workflow) => void,
): Promise<Saved> {
  const before = draftOfWorkflow(stored);
  const warnings: Warning[] = [];
  const { name, description } = draft;
  let current = stored;
  const parts = ({ name, description, actions, exits }: Draft) => [name, description, actions, exits];
  if (!isSame(parts(draft), parts(before))) {
    const { id: workflowId, etag } = stored;
    const answer = await workflows.updateWorkflow({
      ...{ workflowId, etag, name, description, actions: actionsOf(draft), exits: exitsOf(draft) },
    });
    warnings.push(...answer.warnings);
    current = answer.workflow ?? current;
    onStored(current);
  }
  if (!isSame(draft.trigger, before.trigger)) {
    warnings.push(...(await saveTrigger(current, draft)));
  }
  return { workflowId: stored.id, warnings };
}

async function saveTrigger({ id: workflowId, trigger }: Workflow, draft: Draft): Promise<Warning[]> {
  const input = triggerOf(draft);
  if (!trigger) {
    return input ? (await triggers.configureTrigger({ workflowId, trigger: input })).warnings : [];
  }
  const { id: triggerId, etag } = trigger;
  if (input) {
    return (await triggers.updateTrigger({ triggerId, etag, trigger: input })).warnings;
  }
  await triggers.deleteTrigger({ triggerId, etag });
  return [];
}

export function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
