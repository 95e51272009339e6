/** What a workflow that does not exist yet may be. */
import type { FieldViolation } from '../../../domain-error.ts';
import type { Action } from '../../../gen/automation/v1/action_pb.ts';
import type { TriggerInput } from '../../../gen/automation/v1/trigger_pb.ts';
import type { Transaction } from '../../../store/database.ts';
import type { Rulebook } from '../rulebook.ts';
import type { TriggerDraft } from '../trigger-draft.ts';
import { readTriggerInput } from './validate-trigger.ts';
import { validateNamedActions, validateTexts } from './validate-workflow.ts';

export interface WorkflowInput {
  readonly name: string;
  readonly description: string;
  readonly actions: readonly Action[];
  readonly trigger: TriggerInput | undefined;
}

/** The input's trigger as a draft, and everything that is wrong with the input, with paths as in the request. */
export async function validateNewWorkflow(
  tx: Transaction,
  input: WorkflowInput,
  rulebook: Rulebook,
): Promise<{ trigger: TriggerDraft | undefined; violations: FieldViolation[] }> {
  const { types, config } = rulebook;
  const read = input.trigger && readTriggerInput(input.trigger, types, config.limits, 'trigger');
  const violations = [
    ...validateTexts(input, rulebook),
    ...(await validateNamedActions(tx, input.actions, rulebook, 'actions')),
    ...(read?.violations ?? []),
  ];
  return { trigger: read?.draft, violations };
}
