/** What actions are called in logs, lists and errors: the names of their fields in the contract. */
import { type Action, ActionSchema } from '../../gen/automation/v1/action_pb.ts';

/** For example `add_tag`. The action is a valid one. */
export function actionName({ action }: Action): string {
  if (!action.case) {
    throw new TypeError('an action without a kind');
  }
  return ActionSchema.field[action.case].name;
}
