/** What the actions of a workflow may say, one after the other and together. */
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

/** Every fault, with paths such as `actions[2].add_tag.tag` for the path `actions`. */
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
  // What has a fault need not be fit to be written down.
  const isTooLarge = faults.length === 0 && jsonBytes(storedActions(actions)) > workflowActionsBytes;
  const most = workflowActionsBytes.toLocaleString('en');
  return isTooLarge ? [{ field: path, description: `must have at most ${most} bytes as JSON` }] : faults;
}

function validateAction(message: Action, context: ActionContext, path: string): FieldViolation[] {
  const { action } = message;
  if (!action.case) {
    return [{ field: path, description: 'must have an action' }];
  }
  // The table's row takes just the value of its own case, which the type of a row in general cannot say.
  const check = CHECKS[action.case] as ActionCheck<ActionCase>;
  return check(action.value, context, `${path}.${actionName(message)}`);
}
