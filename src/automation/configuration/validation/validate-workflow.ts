/** What a workflow may be, with its actions and its trigger: everything that is wrong with it, at once. */
import type { FieldViolation } from '../../../domain-error.ts';
import type { Action } from '../../../gen/automation/v1/action_pb.ts';
import type { Transaction } from '../../../store/database.ts';
import { loadReferences } from '../references.ts';
import type { Rulebook } from '../rulebook.ts';
import { checkText } from './checks.ts';
import { validateActions } from './validate-actions.ts';

/** Every fault of a name and a description. */
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

/** Every fault of the actions, with its path below `path`, also that they name what the account does not have. */
export async function validateNamedActions(
  tx: Transaction,
  actions: readonly Action[],
  { types, config }: Rulebook,
  path: string,
): Promise<FieldViolation[]> {
  const references = await loadReferences(tx, actions);
  return validateActions(actions, { types, references, ...config }, path);
}
