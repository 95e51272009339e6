/** The context of action checks, and the type of their table. */
import type { Config } from '../../../config/config.ts';
import type { FieldViolation } from '../../../errors/domain-error.ts';
import type { Action } from '../../../gen/automation/v1/action_pb.ts';
import type { AccountTypes } from '../../event-types/account-types.ts';
import type { References } from '../references.ts';

/** The account's references, and the limits. */
export interface ActionContext {
  readonly types: AccountTypes;
  readonly references: References;
  readonly limits: Config['limits'];
  readonly webhooks: Config['webhooks'];
}

export type ActionCase = NonNullable<Action['action']['case']>;
export type ActionValue<C extends ActionCase> = Extract<Action['action'], { case: C }>['value'];

/** Every violation of an action, with its path below `path`, such as `actions[2].add_tag`. */
export type ActionCheck<C extends ActionCase> = (
  action: ActionValue<C>,
  context: ActionContext,
  path: string,
) => FieldViolation[];

/** One check for each of these actions. */
export type ActionChecks<C extends ActionCase> = { readonly [K in C]: ActionCheck<K> };
