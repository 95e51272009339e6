/**
 * The closed table of actions. To add one: its message in action.proto, its file, a row here and one in
 * emissions.ts; with lists of steps of its own, one in tree/child-lists.ts as well.
 */
import { addTag } from './add-tag.ts';
import { applyProgression } from './apply-progression.ts';
import { branch } from './branch.ts';
import { callWebhook } from './call-webhook.ts';
import { emitEvent } from './emit-event.ts';
import { enrollInProgram } from './enroll-in-program.ts';
import { leaveProgram } from './leave-program.ts';
import { removeTag } from './remove-tag.ts';
import { scaleLiftMax } from './scale-lift-max.ts';
import { setAttribute } from './set-attribute.ts';
import { setLiftMax } from './set-lift-max.ts';
import { split } from './split.ts';
import type { ActionCase, ActionType } from './step.ts';
import { wait } from './wait.ts';
import { waitForEvent } from './wait-for-event.ts';

const ACTION_TYPES: { readonly [C in ActionCase]: ActionType<C> } = {
  enrollInProgram,
  leaveProgram,
  applyProgression,
  setLiftMax,
  scaleLiftMax,
  addTag,
  removeTag,
  setAttribute,
  emitEvent,
  callWebhook,
  wait,
  branch,
  split,
  waitForEvent,
};

/** The implementation of an action. The value passed to it has the same case. */
export function actionTypeOf<C extends ActionCase>(kind: C): ActionType<C> {
  return ACTION_TYPES[kind];
}
