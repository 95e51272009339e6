/** Action set_lift_max: sets the athlete's max of a lift. */
import { create } from '@bufbuild/protobuf';
import { Decimal } from 'decimal.js';
import { enumName, enumValue } from '../../calls/enum-name.ts';
import { type SetLiftMaxAction, WeightUnit, WeightUnitSchema } from '../../gen/automation/v1/action_pb.ts';
import { MaxTypeSchema } from '../../gen/progression/v1/common_pb.ts';
import { SetLiftMaxRequestSchema } from '../../gen/progression/v1/progression_service_pb.ts';
import { findLiftMax } from '../../progression/lift-maxes.ts';
import { setLiftMax as setByHand } from '../../progression/set-lift-max.ts';
import type { Transaction } from '../../store/database.ts';
import { lockUser } from '../../store/lock-user.ts';
import { requireNone, violationUnless } from '../configuration/validation/field-checks.ts';
import { convertWeight, loadActiveProgram, requireActiveProgram, roundingOf } from './active-program.ts';
import { type ActionType, describeStep, StepRefusal } from './step.ts';

/**
 * Throws LIFT_NOT_FOUND; for a value with a unit also NOT_ENROLLED, and UNIT_UNKNOWN when the program has no
 * unit.
 */
export const setLiftMax: ActionType<'setLiftMax'> = {
  kind: 'CHANGE',
  async run(change, step, action) {
    const { tx } = change;
    const { userId } = step;
    const { liftId, maxType } = action;
    await lockUser(tx, userId);
    const { value, unit } = await weightOf(tx, userId, action);
    const current = await findLiftMax(tx, userId, liftId, enumName(MaxTypeSchema, maxType));
    if (current?.value.eq(value)) {
      return 'NO_CHANGE';
    }
    const request = { userId, liftId, maxType, value: value.toFixed(), unit, reason: describeStep(step) };
    await setByHand(change, create(SetLiftMaxRequestSchema, request));
    return 'DONE';
  },
};

/** Throws VALIDATION_FAILED for what a template made that is no decimal. Further places are rounded off. */
function requireDecimal(text: string): string {
  const isDecimal = /^[0-9]{1,12}(\.[0-9]+)?$/.test(text);
  requireNone(violationUnless(isDecimal, 'set_lift_max.value', `must be a decimal from 0; was ${text}`));
  return text;
}

/** In the unit of the athlete's program; without a unit as it is. */
async function weightOf(
  tx: Transaction,
  userId: string,
  action: SetLiftMaxAction,
): Promise<{ value: Decimal; unit: WeightUnit }> {
  const value = new Decimal(requireDecimal(action.value));
  if (action.unit === WeightUnit.UNSPECIFIED) {
    return { value: convertWeight(value, null, roundingOf(action)), unit: WeightUnit.UNSPECIFIED };
  }
  const program = requireActiveProgram(await loadActiveProgram(tx, userId), userId);
  if (program.unit === '') {
    throw new StepRefusal('UNIT_UNKNOWN', 'set_lift_max.unit: the program of the athlete has no unit');
  }
  const units = { from: enumName(WeightUnitSchema, action.unit), to: program.unit };
  const unit = enumValue(WeightUnitSchema, program.unit);
  return { value: convertWeight(value, units, roundingOf(action)), unit };
}
