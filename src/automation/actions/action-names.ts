/** Names of actions and of what they change, and the idempotency key of a step. */

import { v5 as uuidv5 } from 'uuid';
import { type Action, ActionSchema } from '../../gen/automation/v1/action_pb.ts';

/** The action's field name in the contract, such as `add_tag`. The action must be valid. */
export function actionName({ action }: Action): string {
  if (!action.case) {
    throw new TypeError('an action without a kind');
  }
  return ActionSchema.field[action.case].name;
}

/** The same for a stored action; empty for an invalid one. */
export function storedActionName(stored: unknown): string {
  const keys = typeof stored === 'object' && stored !== null ? Object.keys(stored) : [];
  return ActionSchema.fields.find(({ jsonName }) => keys.includes(jsonName))?.name ?? '';
}

/** The attribute's own name: `level` for `custom.level`. */
export function attributeNameOf(field: string): string {
  return field.replace(/^custom\./, '');
}

const NAMESPACE = 'e3f1d6a2-2c0b-4f58-9d5e-64a0c1b7f9d8';

/** The idempotency key of a step: the same UUID for each attempt. */
export function stepId({ enrollmentId, step }: { enrollmentId: string; step: number }): string {
  return uuidv5(`${enrollmentId}:${step}`, NAMESPACE);
}
