/**
 * What actions are called in lists, logs and errors: the names of their fields in the contract.
 * What the field of an action on attributes is called among the athlete's.
 * The identity of a step of a run, towards those who must do it only once.
 */

import { v5 as uuidv5 } from 'uuid';
import { type Action, ActionSchema } from '../../gen/automation/v1/action_pb.ts';

/** For example `add_tag`. The action is a valid one. */
export function actionName({ action }: Action): string {
  if (!action.case) {
    throw new TypeError('an action without a kind');
  }
  return ActionSchema.field[action.case].name;
}

/** The same of an action as it is stored; empty for what is none. */
export function storedActionName(stored: unknown): string {
  const keys = typeof stored === 'object' && stored !== null ? Object.keys(stored) : [];
  return ActionSchema.fields.find(({ jsonName }) => keys.includes(jsonName))?.name ?? '';
}

/** `level` for `custom.level`. */
export function attributeNameOf(field: string): string {
  return field.replace(/^custom\./, '');
}

const NAMESPACE = 'e3f1d6a2-2c0b-4f58-9d5e-64a0c1b7f9d8';

/** A UUID that is the same for each try of the step. */
export function stepId({ enrollmentId, step }: { enrollmentId: string; step: number }): string {
  return uuidv5(`${enrollmentId}:${step}`, NAMESPACE);
}
