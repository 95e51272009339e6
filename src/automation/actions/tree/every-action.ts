/** Lists the actions of a workflow with those within branches, in the order of their numbers. */
import type { Action } from '../../../gen/automation/v1/action_pb.ts';
import { actionName } from '../step.ts';
import { type ChildList, childLists } from './child-lists.ts';

/** An action at its place. */
export interface PlacedAction {
  readonly action: Action;
  /** For example `actions[1].branch.then[0]`. */
  readonly path: string;
  /** The number of branches around it. */
  readonly depth: number;
}

/** Pre-order: an action comes before those of its lists. `path` is that of the list. */
export function everyAction(actions: readonly Action[], path = 'actions', depth = 0): PlacedAction[] {
  return actions.flatMap((action, index) => {
    const own = `${path}[${index}]`;
    const inner = listsOf(action).flatMap(({ place, actions: list }) =>
      everyAction(list, `${own}.${place}`, depth + 1),
    );
    return [{ action, path: own, depth }, ...inner];
  });
}

/** The lists within the action; none for an action without a kind. */
export function listsOf(message: Action): ChildList<Action>[] {
  const { action, failureSteps } = message;
  return action.case
    ? childLists({ kind: action.case, name: actionName(message), value: action.value }, failureSteps)
    : [];
}
