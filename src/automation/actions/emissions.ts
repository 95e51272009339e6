/**
 * The events that each action may emit, and what is known of them in advance; the loop check reads this
 * table.
 */
import { type JsonObject, type JsonValue, toJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { Decimal } from 'decimal.js';
import { describeAttribute } from '../../athletes/attributes.ts';
import { enumName } from '../../calls/enum-name.ts';
import { type Action, type SetLiftMaxAction, WeightUnit } from '../../gen/automation/v1/action_pb.ts';
import { MaxTypeSchema } from '../../gen/progression/v1/common_pb.ts';
import { EnrollmentStatus, UnitMismatch } from '../../gen/progression/v1/program_service_pb.ts';
import { isTemplate } from '../liquid/engine.ts';
import { convertWeight, roundingOf } from './active-program.ts';
import { type ActionCase, type ActionValue, attributeNameOf } from './step.ts';
import { everyAction } from './tree/every-action.ts';

/** An event that follows when an action changes something. */
export interface Emission {
  readonly type: string;
  /** Fields of the event's data with a constant value, by name; null: never present. */
  readonly known: JsonObject;
  /** `known` is the complete data: no other field has a value. */
  readonly isComplete: boolean;
  /** The event follows from every run that changes anything; otherwise it depends on more. */
  readonly isCertain: boolean;
}

const EMISSIONS: { readonly [C in ActionCase]: (action: ActionValue<C>) => readonly Emission[] } = {
  enrollInProgram: ({ programId, unitMismatch }) => [
    certain('program_enrolled', { program_id: programId }),
    ...(unitMismatch === UnitMismatch.UNSPECIFIED
      ? []
      : [possible('lift_max_changed', { source: 'AUTOMATION' })]),
  ],
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
    return [certain('lift_max_changed', { ...setByStep(action), ...(value ? { value } : {}) })];
  },
  scaleLiftMax: (action) => [certain('lift_max_changed', setByStep(action))],
  addTag: ({ tag }) => [isTemplate(tag) ? possible('tag_added', {}) : certain('tag_added', { tag })],
  removeTag: ({ tag }) => [isTemplate(tag) ? possible('tag_removed', {}) : certain('tag_removed', { tag })],
  setAttribute: ({ field, value }) => {
    const json = value ? toJson(ValueSchema, value) : null;
    const described = hasTemplate(json) ? {} : describeAttribute(json);
    return [certain('custom_field_changed', { field_name: attributeNameOf(field), ...described })];
  },
  emitEvent: ({ type, data = {} }) => {
    const known = Object.entries(data).filter(([, value]) => !hasTemplate(value));
    const isComplete = known.length === Object.keys(data).length;
    return [{ type, known: Object.fromEntries(known), isComplete, isCertain: true }];
  },
  callWebhook: () => [],
  wait: () => [],
  branch: () => [],
  split: () => [],
  waitForEvent: () => [],
};

/**
 * The emissions of all steps of a workflow. A step within a branch runs in some of the runs only; so does one behind a wait
 * of a workflow with exits, which may end the run meanwhile.
 */
export function emissionsOfAll(
  actions: readonly Action[],
  { hasExits }: { readonly hasExits: boolean },
): readonly Emission[] {
  const placed = everyAction(actions);
  const wait = placed.findIndex(({ action: { action } }) => action.case?.startsWith('wait'));
  const end = hasExits && wait >= 0 ? wait : placed.length;
  return placed.flatMap(({ action, depth }, index) =>
    emissionsOf(action).map((emission) =>
      depth > 0 || index > end ? { ...emission, isCertain: false } : emission,
    ),
  );
}

/** Empty for actions that emit nothing. The action must be valid. */
export function emissionsOf({ action }: Action): readonly Emission[] {
  return action.case ? emissionsOfCase(action.case, action.value) : [];
}

/** A row accepts exactly the value of its own case, which TypeScript cannot express for a row in general. */
function emissionsOfCase(kind: ActionCase, value: unknown): readonly Emission[] {
  return (EMISSIONS[kind] as (action: unknown) => readonly Emission[])(value);
}

function setByStep({ liftId, maxType }: Pick<SetLiftMaxAction, 'liftId' | 'maxType'>): JsonObject {
  const known = { max_type: enumName(MaxTypeSchema, maxType), source: 'AUTOMATION' };
  const ofNoRule = { log_id: null, program_id: null, session_id: null };
  return { ...known, ...ofNoRule, ...(liftId ? { lift_id: liftId } : {}) };
}

/** What comes of a template depends on the run. */
function hasTemplate(json: JsonValue): boolean {
  if (typeof json === 'string') {
    return isTemplate(json);
  }
  return typeof json === 'object' && json !== null && Object.values(json).some(hasTemplate);
}

/** With a unit, the value depends on the athlete's program. */
function fixedWeightOf(action: SetLiftMaxAction): string | undefined {
  return action.unit === WeightUnit.UNSPECIFIED && !isTemplate(action.value)
    ? convertWeight(new Decimal(action.value), null, roundingOf(action)).toFixed()
    : undefined;
}

function certain(type: string, known: JsonObject): Emission {
  return { type, known, isComplete: false, isCertain: true };
}

function possible(type: string, known: JsonObject): Emission {
  return { type, known, isComplete: false, isCertain: false };
}
