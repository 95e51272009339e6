/** Checks of the actions on programs, rules and lift maxes. */
import { Decimal } from 'decimal.js';
import type { FieldViolation } from '../../../errors/domain-error.ts';
import { WeightUnitSchema } from '../../../gen/automation/v1/action_pb.ts';
import { MaxType, MaxTypeSchema } from '../../../gen/progression/v1/common_pb.ts';
import {
  EnrollmentStatus,
  EnrollmentStatusSchema,
  type Rounding,
  RoundingSchema,
} from '../../../gen/progression/v1/program_service_pb.ts';
import { violationUnless } from '../../time/field-checks.ts';
import type { ActionChecks, ActionContext } from './action-check.ts';
import { checkEnum } from './checks.ts';

const MOST_FACTOR = 10;

export const TRAINING_ACTIONS: ActionChecks<
  'enrollInProgram' | 'leaveProgram' | 'applyProgression' | 'setLiftMax' | 'scaleLiftMax'
> = {
  enrollInProgram: ({ programId }, { references }, path) =>
    checkReference(references.programs, programId, 'program', `${path}.program_id`),
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
    ...violationUnless(isDecimal(value), `${path}.value`, 'must be a decimal from 0, such as 102.5'),
    ...checkEnum(WeightUnitSchema, unit, `${path}.unit`),
    ...checkRounding({ roundTo, rounding }, path),
  ],
  scaleLiftMax: ({ liftId, maxType, factor, roundTo, rounding }, context, path) => [
    ...checkLiftIfNamed(liftId, context, path),
    ...checkEnum(MaxTypeSchema, maxType, `${path}.max_type`, [MaxType.UNSPECIFIED]),
    ...violationUnless(
      isDecimal(factor) && new Decimal(factor).gt(0) && new Decimal(factor).lte(MOST_FACTOR),
      `${path}.factor`,
      `must be a decimal above 0, at most ${MOST_FACTOR}, such as 0.9`,
    ),
    ...checkRounding({ roundTo, rounding }, path),
  ],
};

/** The precision of the column: 12 digits before the point, 6 after it. */
function isDecimal(text: string): boolean {
  return /^[0-9]{1,12}(\.[0-9]{1,6})?$/.test(text);
}

function checkReference(
  known: ReadonlySet<string>,
  id: string,
  noun: string,
  field: string,
): FieldViolation[] {
  return violationUnless(known.has(id), field, `must be the id of a ${noun} of the account`);
}

function checkLiftIfNamed(liftId: string, { references }: ActionContext, path: string): FieldViolation[] {
  return liftId === '' ? [] : checkReference(references.lifts, liftId, 'lift', `${path}.lift_id`);
}

function checkRounding(
  { roundTo, rounding }: { roundTo: string; rounding: Rounding },
  path: string,
): FieldViolation[] {
  const isStep = roundTo === '' || (isDecimal(roundTo) && new Decimal(roundTo).gt(0));
  return [
    ...violationUnless(isStep, `${path}.round_to`, 'must be a decimal above 0, such as 2.5, or empty'),
    ...checkEnum(RoundingSchema, rounding, `${path}.rounding`),
  ];
}
