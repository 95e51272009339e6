/** The check of an action of each kind, and what it reads. */
import type { Config } from '../../../config/config.ts';
import type { FieldViolation } from '../../../errors/domain-error.ts';
import type { ActionCase, ActionValue } from '../../actions/step.ts';
import type { AccountTypes } from '../../event-types/account-types.ts';
import type { EventType } from '../../event-types/event-type.ts';
import type { References } from '../references.ts';

/** The account's references, and the limits. */
export interface ActionContext {
  readonly types: AccountTypes;
  readonly references: References;
  readonly limits: Config['limits'];
  readonly webhooks: Config['webhooks'];
  /** Whether the server can keep secrets. */
  readonly hasSecretKeys: boolean;
  /** The event of the workflow's trigger; undefined while there is none. */
  readonly triggerType: EventType | undefined;
  /** The names of the steps before the action. */
  readonly earlierSteps: readonly string[];
}

/** Every violation of an action, with its path below `path`, such as `actions[2].add_tag`. */
export type ActionCheck<C extends ActionCase> = (
  action: ActionValue<C>,
  context: ActionContext,
  path: string,
) => FieldViolation[];

/** One check for each of these actions. */
export type ActionChecks<C extends ActionCase> = { readonly [K in C]: ActionCheck<K> };
