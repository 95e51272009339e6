/**
 * The closed table of actions. To add one: its message in action.proto, its file, a row here and one in
 * emissions.ts.
 */
import { addTag } from './add-tag.ts';
import { applyProgression } from './apply-progression.ts';
import { callWebhook } from './call-webhook.ts';
import { emitEvent } from './emit-event.ts';
import { enrollInProgram } from './enroll-in-program.ts';
import { leaveProgram } from './leave-program.ts';
import { removeTag } from './remove-tag.ts';
import { scaleLiftMax } from './scale-lift-max.ts';
import { setAttribute } from './set-attribute.ts';
import { setLiftMax } from './set-lift-max.ts';
import type { ActionCase, ActionType } from './step.ts';
import { wait } from './wait.ts';

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
};

/** The implementation of an action. The value passed to it has the same case. */
export function actionTypeOf<C extends ActionCase>(kind: C): ActionType<C> {
  return ACTION_TYPES[kind];
}
