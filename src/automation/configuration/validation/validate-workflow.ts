/** What a workflow may be, with its actions and its trigger: everything that is wrong with it, at once. */
import type { Config } from '../../../config.ts';
import { type FieldViolation, invalidFields } from '../../../domain-error.ts';
import type { Action } from '../../../gen/automation/v1/action_pb.ts';
import type { Transaction } from '../../../store/database.ts';
import type { AccountTypes } from '../../event-types/account-types.ts';
import { loadReferences } from '../references.ts';
import { checkText } from './checks.ts';
import { validateActions } from './validate-actions.ts';

/** What the account has, and what the server allows. */
export interface Rulebook {
  readonly types: AccountTypes;
  readonly config: Pick<Config, 'limits' | 'webhooks'>;
}

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

/** VALIDATION_FAILED with all of them, if there are any. */
export function requireNone(violations: readonly FieldViolation[]): void {
  if (violations.length > 0) {
    throw invalidFields(violations);
  }
}
