/** Validates the actions of a workflow: each by the check of its kind, and their total size. */

import { Decimal } from 'decimal.js';
import { shown, shownJson } from '../../../calls/shown-text.ts';
import type { FieldViolation } from '../../../errors/domain-error.ts';
import { isOfType, TYPE_RULES } from '../../../filters/typed-values.ts';
import { type Action, WeightUnitSchema } from '../../../gen/automation/v1/action_pb.ts';
import { MaxType, MaxTypeSchema } from '../../../gen/progression/v1/common_pb.ts';
import {
  EnrollmentStatus,
  EnrollmentStatusSchema,
  type Rounding,
  RoundingSchema,
  UnitMismatchSchema,
} from '../../../gen/progression/v1/program_service_pb.ts';
import { type ActionCase, actionName } from '../../actions/step.ts';
import { everyAction } from '../../actions/tree/every-action.ts';
import { CUSTOM_PREFIX } from '../../event-types/event-types.ts';
import { validateEventData } from '../../event-types/validate-event-data.ts';
import { isTemplate } from '../../liquid/engine.ts';
import { jsonBytes, jsonOfValue } from '../json-input.ts';
import { storedActions } from '../stored-actions.ts';
import type { ActionCheck, ActionChecks, ActionContext } from './action-check.ts';
import {
  checkEnum,
  checkSpan,
  checkTimeOfDay,
  checkWord,
  isWeight,
  violationUnless,
} from './field-checks.ts';
import { failureFaults } from './validate-failure.ts';
import { FLOW_ACTIONS, shapeFaults } from './validate-flow.ts';
import { validateTemplates, withoutTemplates } from './validate-templates.ts';
import { checkWebhook } from './validate-webhook.ts';

const ATHLETE_ACTIONS: ActionChecks<'addTag' | 'removeTag' | 'setAttribute'> = {
  addTag: ({ tag }, { limits }, path) => checkTag(tag, limits, path),
  removeTag: ({ tag }, { limits }, path) => checkTag(tag, limits, path),
  setAttribute: ({ field, value }, { types }, path) => {
    const attribute = types.fields.find((each) => each.path === field);
    if (!attribute || !field.startsWith('custom.')) {
      const description = 'must be a field that the account defined under custom.';
      return [{ field: `${path}.field`, description }];
    }
    if (!value) {
      return [{ field: `${path}.value`, description: 'is required; null removes the attribute' }];
    }
    const json = jsonOfValue(value);
    const isRight = json === null || isOfType(attribute.type, json);
    return isRight
      ? []
      : [{ field: `${path}.value`, description: `${TYPE_RULES[attribute.type]}; was ${shownJson(json)}` }];
  },
};

function checkTag(tag: string, { tagCharacters }: ActionContext['limits'], path: string): FieldViolation[] {
  return isTemplate(tag) ? [] : checkWord(tag, tagCharacters, `${path}.tag`);
}

const OUTGOING_ACTIONS: ActionChecks<'emitEvent' | 'callWebhook' | 'wait'> = {
  emitEvent: ({ type, data = {} }, { types, limits }, path) => {
    const eventType = type.startsWith(CUSTOM_PREFIX) ? types.eventType(type) : undefined;
    if (!eventType) {
      const description = 'must be an event of the account’s own, such as custom.checked_in';
      return [{ field: `${path}.type`, description }];
    }
    return validateEventData(eventType, { data, previous: null }, limits).map(({ field, description }) => ({
      field: `${path}.${field}`,
      description,
    }));
  },
  callWebhook: checkWebhook,
  wait: ({ wait }, { limits }, path) => {
    switch (wait.case) {
      case 'duration': {
        const span = { leastS: 1, mostDays: limits.longestSpanDays };
        return checkSpan(wait.value, span, `${path}.duration`);
      }
      case 'until':
        return violationUnless(
          isTimestamp(wait.value),
          `${path}.until`,
          'must be a time in the years 1 to 9999',
        );
      case 'untilLocalTime':
        return checkTimeOfDay(wait.value, `${path}.until_local_time`);
      case undefined:
        return [{ field: path, description: 'must have duration, until or until_local_time' }];
    }
  },
};

function isTimestamp({ seconds, nanos }: { seconds: bigint; nanos: number }): boolean {
  return seconds >= -62_135_596_800n && seconds <= 253_402_300_799n && nanos >= 0 && nanos <= 999_999_999;
}

const MOST_FACTOR = 10;

const TRAINING_ACTIONS: ActionChecks<
  'enrollInProgram' | 'leaveProgram' | 'applyProgression' | 'setLiftMax' | 'scaleLiftMax'
> = {
  enrollInProgram: ({ programId, unitMismatch, convertRoundTo }, { references }, path) => [
    ...checkReference(references.programs, programId, 'program', `${path}.program_id`),
    ...checkEnum(UnitMismatchSchema, unitMismatch, `${path}.unit_mismatch`),
    ...checkStep(convertRoundTo, `${path}.convert_round_to`),
  ],
  leaveProgram: ({ status }, _, path) =>
    checkEnum(EnrollmentStatusSchema, status, `${path}.status`, [
      EnrollmentStatus.UNSPECIFIED,
      EnrollmentStatus.ACTIVE,
    ]),
  applyProgression: ({ progressionId, liftId }, context, path) => [
    ...checkReference(
      context.references.progressions,
      progressionId,
      'progression',
      `${path}.progression_id`,
    ),
    ...checkLiftIfNamed(liftId, context, path),
  ],
  setLiftMax: ({ liftId, maxType, value, unit, roundTo, rounding }, { references }, path) => [
    ...checkReference(references.lifts, liftId, 'lift', `${path}.lift_id`),
    ...checkEnum(MaxTypeSchema, maxType, `${path}.max_type`, [MaxType.UNSPECIFIED]),
    ...violationUnless(
      isTemplate(value) || isWeight(value),
      `${path}.value`,
      `must be a decimal from 0, such as 102.5; was ${shown(value)}`,
    ),
    ...checkEnum(WeightUnitSchema, unit, `${path}.unit`),
    ...checkRounding({ roundTo, rounding }, path),
  ],
  scaleLiftMax: ({ liftId, maxType, factor, roundTo, rounding }, context, path) => [
    ...checkLiftIfNamed(liftId, context, path),
    ...checkEnum(MaxTypeSchema, maxType, `${path}.max_type`, [MaxType.UNSPECIFIED]),
    ...violationUnless(
      isWeight(factor) && new Decimal(factor).gt(0) && new Decimal(factor).lte(MOST_FACTOR),
      `${path}.factor`,
      `must be a decimal above 0, at most ${MOST_FACTOR}, such as 0.9; was ${shown(factor)}`,
    ),
    ...checkRounding({ roundTo, rounding }, path),
  ],
};

function checkReference(
  known: ReadonlySet<string>,
  id: string,
  noun: string,
  field: string,
): FieldViolation[] {
  return violationUnless(
    known.has(id),
    field,
    `must be the id of a ${noun} of the account; was ${shown(id)}`,
  );
}

function checkLiftIfNamed(liftId: string, { references }: ActionContext, path: string): FieldViolation[] {
  return liftId === '' ? [] : checkReference(references.lifts, liftId, 'lift', `${path}.lift_id`);
}

function checkRounding(
  { roundTo, rounding }: { roundTo: string; rounding: Rounding },
  path: string,
): FieldViolation[] {
  return [
    ...checkStep(roundTo, `${path}.round_to`),
    ...checkEnum(RoundingSchema, rounding, `${path}.rounding`),
  ];
}

function checkStep(step: string, field: string): FieldViolation[] {
  const isStep = step === '' || (isWeight(step) && new Decimal(step).gt(0));
  return violationUnless(
    isStep,
    field,
    `must be a decimal above 0, such as 2.5, or empty; was ${shown(step)}`,
  );
}

const CHECKS: ActionChecks<ActionCase> = {
  ...TRAINING_ACTIONS,
  ...ATHLETE_ACTIONS,
  ...OUTGOING_ACTIONS,
  ...FLOW_ACTIONS,
};

/** Every violation, with paths such as `actions[2].add_tag.tag` for the path `actions`. */
export function validateActions(
  actions: readonly Action[],
  context: Omit<ActionContext, 'earlierSteps'>,
  path: string,
): FieldViolation[] {
  const { workflowActionsBytes } = context.limits;
  const placed = everyAction(actions, path);
  const shape = shapeFaults(placed, context.limits, path);
  if (shape.length > 0) {
    return shape;
  }
  const names = placed.map(({ action }) => action.name);
  const faults = placed.flatMap(({ action, path: own }, index) =>
    validateAction(action, { ...context, earlierSteps: names.slice(0, index) }, own),
  );
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
  return [
    ...check(withoutTemplates(message).action.value as never, context, `${path}.${actionName(message)}`),
    ...validateTemplates(message, context, path),
    ...failureFaults(message, path),
  ];
}
