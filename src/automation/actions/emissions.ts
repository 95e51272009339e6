/** Which events an action may emit, and what is known of them before it runs; the guard against loops reads it. */
import { type JsonObject, toJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { Decimal } from 'decimal.js';
import { describeAttribute } from '../../athletes/attributes.ts';
import { enumName } from '../../calls/enum-name.ts';
import { type Action, type SetLiftMaxAction, WeightUnit } from '../../gen/automation/v1/action_pb.ts';
import { MaxTypeSchema } from '../../gen/progression/v1/common_pb.ts';
import { EnrollmentStatus } from '../../gen/progression/v1/program_service_pb.ts';
import { attributeNameOf } from './action-names.ts';
import { convertWeight, roundingOf } from './convert-weight.ts';
import type { ActionCase, ActionValue } from './step.ts';

/** An event that follows when an action changes something. */
export interface Emission {
  readonly type: string;
  /** Fields of the event's data that are the same each time, by name; null: never there. */
  readonly known: JsonObject;
  /** `known` is all of the data: no other field has a value. */
  readonly isComplete: boolean;
  /** It follows from every run that changes anything; otherwise it takes more than that. */
  readonly isCertain: boolean;
}

const EMISSIONS: { readonly [C in ActionCase]: (action: ActionValue<C>) => readonly Emission[] } = {
  enrollInProgram: ({ programId }) => [certain('program_enrolled', { program_id: programId })],
  leaveProgram: ({ status }) =>
    status === EnrollmentStatus.COMPLETED ? [certain('program_completed', {})] : [],
  applyProgression: ({ progressionId, liftId }) => {
    const lift: JsonObject = liftId ? { lift_id: liftId } : {};
    const applied = { progression_id: progressionId, trigger_type: 'MANUAL', ...lift };
    return [
      possible('progression_applied', applied),
      possible('progression_stalled', applied),
      possible('lift_max_changed', { source: 'PROGRESSION', ...lift }),
    ];
  },
  setLiftMax: (action) => {
    const value = fixedWeightOf(action);
    return [certain('lift_max_changed', { ...setByHand(action), ...(value ? { value } : {}) })];
  },
  scaleLiftMax: (action) => [certain('lift_max_changed', setByHand(action))],
  addTag: ({ tag }) => [certain('tag_added', { tag })],
  removeTag: ({ tag }) => [certain('tag_removed', { tag })],
  setAttribute: ({ field, value }) => {
    const described = describeAttribute(value ? toJson(ValueSchema, value) : null);
    return [certain('custom_field_changed', { field_name: attributeNameOf(field), ...described })];
  },
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

function setByHand({ liftId, maxType }: Pick<SetLiftMaxAction, 'liftId' | 'maxType'>): JsonObject {
  const known = { max_type: enumName(MaxTypeSchema, maxType), source: 'MANUAL', log_id: null };
  return liftId ? { ...known, lift_id: liftId } : known;
}

/** With a unit it is what the athlete's program makes of it. */
function fixedWeightOf(action: SetLiftMaxAction): string | undefined {
  return action.unit === WeightUnit.UNSPECIFIED
    ? convertWeight(new Decimal(action.value), null, roundingOf(action)).toFixed()
    : undefined;
}

function certain(type: string, known: JsonObject): Emission {
  return { type, known, isComplete: false, isCertain: true };
}

function possible(type: string, known: JsonObject): Emission {
  return { type, known, isComplete: false, isCertain: false };
}
