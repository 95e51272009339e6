/** What actions are called in lists, logs and errors: the names of their fields in the contract. */
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
