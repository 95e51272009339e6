/** Validates a workflow with its actions and its trigger, and reports all violations at once. */
import type { FieldViolation } from '../../../errors/domain-error.ts';
import type { Action } from '../../../gen/automation/v1/action_pb.ts';
import type { TriggerInput } from '../../../gen/automation/v1/trigger_pb.ts';
import type { Transaction } from '../../../store/database.ts';
import type { ConfigurationContext } from '../configuration-context.ts';
import { loadReferences } from '../references.ts';
import type { TriggerDraft } from '../trigger-draft.ts';
import { checkText } from './field-checks.ts';
import { validateActions } from './validate-actions.ts';
import { readTriggerInput } from './validate-trigger.ts';

/** Violations of the name and the description. */
export function validateTexts(
  { name, description }: { name?: string | undefined; description?: string | undefined },
  { config }: ConfigurationContext,
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
  { types, config }: ConfigurationContext,
  path: string,
): Promise<FieldViolation[]> {
  const references = await loadReferences(tx, actions, config.secretKeys);
  return validateActions(
    actions,
    { types, references, hasSecretKeys: config.secretKeys !== undefined, ...config },
    path,
  );
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
  context: ConfigurationContext,
): Promise<{ trigger: TriggerDraft | undefined; violations: FieldViolation[] }> {
  const { types, config } = context;
  const read = input.trigger && readTriggerInput(input.trigger, types, config.limits, 'trigger');
  const violations = [
    ...validateTexts(input, context),
    ...(await validateNamedActions(tx, input.actions, context, 'actions')),
    ...(read?.violations ?? []),
  ];
  return { trigger: read?.draft, violations };
}
