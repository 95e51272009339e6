/** Which events an action may emit, and what is known of them before it runs; the guard against loops reads it. */
import type { JsonObject } from '@bufbuild/protobuf';
import { enumName } from '../../enum-name.ts';
import type { Action } from '../../gen/automation/v1/action_pb.ts';
import { MaxTypeSchema } from '../../gen/progression/v1/common_pb.ts';
import { EnrollmentStatus } from '../../gen/progression/v1/program_service_pb.ts';

/** An event that follows when an action changes something. */
export interface Emission {
  readonly type: string;
  /** Fields of the event's data that are the same each time, by name. */
  readonly known: JsonObject;
  /** `known` is all of the data: no other field has a value. */
  readonly isComplete: boolean;
  /** It follows from every run that changes anything; otherwise it takes more than that. */
  readonly isCertain: boolean;
}

type ActionCase = NonNullable<Action['action']['case']>;
type ActionValue<C extends ActionCase> = Extract<Action['action'], { case: C }>['value'];

const EMISSIONS: { readonly [C in ActionCase]: (action: ActionValue<C>) => readonly Emission[] } = {
  enrollInProgram: ({ programId }) => [certain('program_enrolled', { program_id: programId })],
  leaveProgram: ({ status }) =>
    status === EnrollmentStatus.COMPLETED ? [certain('program_completed', {})] : [],
  applyProgression: ({ progressionId, liftId }) => [
    possible('progression_applied', {
      progression_id: progressionId,
      trigger_type: 'MANUAL',
      ...(liftId ? { lift_id: liftId } : {}),
    }),
    possible('lift_max_changed', { source: 'PROGRESSION', ...(liftId ? { lift_id: liftId } : {}) }),
  ],
  setLiftMax: ({ liftId, maxType }) => [
    certain('lift_max_changed', {
      lift_id: liftId,
      max_type: enumName(MaxTypeSchema, maxType),
      source: 'MANUAL',
    }),
  ],
  scaleLiftMax: ({ liftId, maxType }) => [
    certain('lift_max_changed', {
      max_type: enumName(MaxTypeSchema, maxType),
      source: 'MANUAL',
      ...(liftId ? { lift_id: liftId } : {}),
    }),
  ],
  addTag: ({ tag }) => [certain('tag_added', { tag })],
  removeTag: ({ tag }) => [certain('tag_removed', { tag })],
  setAttribute: ({ field }) => [certain('custom_field_changed', { field_name: field })],
  emitEvent: ({ type, data }) => [{ type, known: data ?? {}, isComplete: true, isCertain: true }],
  callWebhook: () => [],
  wait: () => [],
};

/** None for actions that emit nothing. The action is a valid one. */
export function emissionsOf({ action }: Action): readonly Emission[] {
  return action.case ? emissionsOfCase(action.case, action.value) : [];
}

/** The table's row takes just the value of its own case, which the type of a row in general cannot say. */
function emissionsOfCase(kind: ActionCase, value: unknown): readonly Emission[] {
  return (EMISSIONS[kind] as (action: unknown) => readonly Emission[])(value);
}

function certain(type: string, known: JsonObject): Emission {
  return { type, known, isComplete: false, isCertain: true };
}

function possible(type: string, known: JsonObject): Emission {
  return { type, known, isComplete: false, isCertain: false };
}
