/** Validates the actions of a workflow, each on its own and their total size. */
import type { FieldViolation } from '../../../errors/domain-error.ts';
import type { Action } from '../../../gen/automation/v1/action_pb.ts';
import { actionName } from '../../actions/action-names.ts';
import { jsonBytes } from '../json-input.ts';
import { storedActions } from '../stored-actions.ts';
import type { ActionCase, ActionCheck, ActionChecks, ActionContext } from './action-check.ts';
import { ATHLETE_ACTIONS } from './athlete-actions.ts';
import { OUTGOING_ACTIONS } from './outgoing-actions.ts';
import { TRAINING_ACTIONS } from './training-actions.ts';

const CHECKS: ActionChecks<ActionCase> = { ...TRAINING_ACTIONS, ...ATHLETE_ACTIONS, ...OUTGOING_ACTIONS };

/** Every violation, with paths such as `actions[2].add_tag.tag` for the path `actions`. */
export function validateActions(
  actions: readonly Action[],
  context: ActionContext,
  path: string,
): FieldViolation[] {
  const { workflowActions, workflowActionsBytes } = context.limits;
  if (actions.length > workflowActions) {
    return [{ field: path, description: `must have at most ${workflowActions} actions` }];
  }
  const faults = actions.flatMap((action, index) => validateAction(action, context, `${path}[${index}]`));
  // The size is checked only for valid actions, because invalid ones may not be serializable.
  const isTooLarge = faults.length === 0 && jsonBytes(storedActions(actions)) > workflowActionsBytes;
  const most = workflowActionsBytes.toLocaleString('en');
  return isTooLarge ? [{ field: path, description: `must have at most ${most} bytes as JSON` }] : faults;
}

function validateAction(message: Action, context: ActionContext, path: string): FieldViolation[] {
  const { action } = message;
  if (!action.case) {
    return [{ field: path, description: 'must have an action' }];
  }
  // A row accepts exactly the value of its own case, which TypeScript cannot express for a row in general.
  const check = CHECKS[action.case] as ActionCheck<ActionCase>;
  return check(action.value, context, `${path}.${actionName(message)}`);
}
