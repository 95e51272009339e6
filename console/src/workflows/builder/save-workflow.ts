/** Stores a draft: a new workflow with one call, a changed one with a call for each part that differs. */
import type { Warning } from '../../../../src/gen/automation/v1/trigger_pb.ts';
import type { Workflow } from '../../../../src/gen/automation/v1/workflow_service_pb.ts';
import { triggers, workflows } from '../../calls/clients.ts';
import type { MovedRuns } from '../move-runs.tsx';
import { actionsOf, type Draft, draftOfWorkflow, exitsOf, triggerOf } from './draft.ts';

export interface Saved {
  readonly workflowId: string;
  readonly warnings: readonly Warning[];
  /** What became of the runs under way; absent: they were not asked to move. */
  readonly runs?: MovedRuns;
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

export interface UpdateOptions {
  /** Whether runs under way go on with the new version, where they have not reached what it changes. */
  readonly moveRuns: boolean;
  /** Called with what is stored after each call, so that a refusal of a later call does not send an earlier one again. */
  readonly onStored: (workflow: Workflow) => void;
}

/** `stored` is what the draft was made of: a workflow that has changed since is refused with ETAG_MISMATCH. */
export async function updateWorkflow(
  stored: Workflow,
  draft: Draft,
  { moveRuns, onStored }: UpdateOptions,
): Promise<Saved> {
  const before = draftOfWorkflow(stored);
  const warnings: Warning[] = [];
  const { name, description } = draft;
  let current = stored;
  let runs: MovedRuns | undefined;
  const parts = ({ name, description, actions, exits }: Draft) => [name, description, actions, exits];
  if (!isSame(parts(draft), parts(before))) {
    const { id: workflowId, etag } = stored;
    const answer = await workflows.updateWorkflow({
      ...{ workflowId, etag, name, description, actions: actionsOf(draft), exits: exitsOf(draft), moveRuns },
    });
    warnings.push(...answer.warnings);
    runs = moveRuns ? { moved: answer.movedRunCount, kept: answer.keptRunCount } : undefined;
    current = answer.workflow ?? current;
    onStored(current);
  }
  if (!isSame(draft.trigger, before.trigger)) {
    warnings.push(...(await saveTrigger(current, draft)));
  }
  return { workflowId: stored.id, warnings, ...(runs && { runs }) };
}

/** Whether runs of `stored` would go on differently with the draft. */
export function changesRuns(stored: Workflow, draft: Draft): boolean {
  const before = draftOfWorkflow(stored);
  return !isSame([draft.actions, draft.exits], [before.actions, before.exits]);
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
