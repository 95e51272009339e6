/** Validates a workflow with its actions and its trigger, and reports all violations at once. */
import type { FieldViolation } from '../../../errors/domain-error.ts';
import type { Action } from '../../../gen/automation/v1/action_pb.ts';
import type { TriggerInput } from '../../../gen/automation/v1/trigger_pb.ts';
import type { Transaction } from '../../../store/database.ts';
import { loadReferences } from '../references.ts';
import type { Rulebook } from '../rulebook.ts';
import type { TriggerDraft } from '../trigger-draft.ts';
import { checkText } from './checks.ts';
import { validateActions } from './validate-actions.ts';
import { readTriggerInput } from './validate-trigger.ts';

/** Violations of the name and the description. */
export function validateTexts(
  { name, description }: { name?: string | undefined; description?: string | undefined },
  { config }: Rulebook,
): FieldViolation[] {
  const { workflowNameCharacters, workflowDescriptionCharacters } = config.limits;
  return [
    ...(name === undefined ? [] : checkText(name, 1, workflowNameCharacters, 'name')),
    ...(description === undefined
      ? []
      : checkText(description, 0, workflowDescriptionCharacters, 'description')),
  ];
}

/** Violations of the actions, unknown references included, with paths below `path`. */
export async function validateNamedActions(
  tx: Transaction,
  actions: readonly Action[],
  { types, config }: Rulebook,
  path: string,
): Promise<FieldViolation[]> {
  const references = await loadReferences(tx, actions);
  return validateActions(actions, { types, references, ...config }, path);
}

export interface WorkflowInput {
  readonly name: string;
  readonly description: string;
  readonly actions: readonly Action[];
  readonly trigger: TriggerInput | undefined;
}

/**
 * The trigger of the request as a draft, and every violation of the request, with paths as in the request.
 */
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
