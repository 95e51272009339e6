/** The result of the loop check for a workflow. */
import { expect } from 'vitest';
import { type AutomationClient, addTag, onTag, type WorkflowInit } from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';

/** A workflow that a tag sets off and that adds another. */
export function chain(from: string, to: string): WorkflowInit {
  return { name: `${from} to ${to}`, trigger: onTag(from), actions: [addTag(to)] };
}

export function reasonsOf({ warnings }: { warnings: readonly { reason: string }[] }): string[] {
  return warnings.map(({ reason }) => reason);
}

const VERDICTS: Readonly<Record<string, string>> = {
  TRIGGER_LOOP: 'CERTAIN',
  POSSIBLE_TRIGGER_LOOP: 'POSSIBLE',
};

/** `NONE`, `POSSIBLE` or `CERTAIN`, of a workflow that is made, and activated unless that is refused. */
export async function verdictOn({ workflows }: AutomationClient, init: WorkflowInit): Promise<string> {
  const made = await workflows.createWorkflow({ name: 'X', ...init });
  const verdict = VERDICTS[`${made.warnings[0]?.reason}`] ?? 'NONE';
  const activation = workflows.activateWorkflow({ workflowId: `${made.workflow?.id}` });
  if (verdict === 'CERTAIN') {
    await expectRefusal(activation, 'TRIGGER_LOOP');
  } else {
    expect(reasonsOf(await activation)).toEqual(reasonsOf(made));
  }
  return verdict;
}
