/** Action scale_lift_max: multiplies the maxes of one lift, or of every lift of the athlete's program. */
import { create } from '@bufbuild/protobuf';
import { Decimal } from 'decimal.js';
import { enumName } from '../../calls/enum-name.ts';
import { MaxTypeSchema } from '../../gen/progression/v1/common_pb.ts';
import { SetLiftMaxRequestSchema } from '../../gen/progression/v1/progression_service_pb.ts';
import { findLiftMax } from '../../progression/lift-maxes.ts';
import { setLiftMax } from '../../progression/set-lift-max.ts';
import type { Transaction } from '../../store/database.ts';
import { lockUser } from '../../store/lock-user.ts';
import { loadActiveProgram, requireActiveProgram, roundingOf, scaleWeight } from './active-program.ts';
import { type ActionType, describeStep } from './step.ts';

/** Lifts without a max are skipped. Throws NOT_ENROLLED unless the action names a lift. */
export const scaleLiftMax: ActionType<'scaleLiftMax'> = {
  kind: 'CHANGE',
  async run(change, step, { liftId: onlyLiftId, maxType, factor, ...rest }) {
    const { tx } = change;
    const { userId } = step;
    await lockUser(tx, userId);
    let end: 'DONE' | 'NO_CHANGE' = 'NO_CHANGE';
    for (const liftId of onlyLiftId ? [onlyLiftId] : await liftsOf(tx, userId)) {
      const current = await findLiftMax(tx, userId, liftId, enumName(MaxTypeSchema, maxType));
      const value = current && scaleWeight(current.value, new Decimal(factor), roundingOf(rest));
      if (current && value && !current.value.eq(value)) {
        const request = { userId, liftId, maxType, value: value.toFixed(), reason: describeStep(step) };
        await setLiftMax(change, create(SetLiftMaxRequestSchema, request));
        end = 'DONE';
      }
    }
    return end;
  },
};

async function liftsOf(tx: Transaction, userId: string): Promise<readonly string[]> {
  return requireActiveProgram(await loadActiveProgram(tx, userId), userId).liftIds;
}
