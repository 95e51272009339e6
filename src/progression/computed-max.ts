/** A max that is set from something else: a training max from a one-rep max, an estimate from a set. */
import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import { enumName, enumValue } from '../calls/enum-name.ts';
import { type FieldViolation, invalidFields } from '../errors/domain-error.ts';
import {
  type EstimateFormula,
  EstimateFormulaSchema,
  MaxTypeSchema,
} from '../gen/progression/v1/common_pb.ts';
import type { ComputedMax, SetLiftMaxRequest } from '../gen/progression/v1/progression_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { estimateOneRepMax } from './evaluation/rules/estimate.ts';
import { ExactDecimal, roundWeight } from './evaluation/rules/weight.ts';
import { loadStepIn } from './load-step.ts';

export interface GivenMax {
  readonly value: Decimal;
  /** What the audit trail says of where the value came from; null: it was given. */
  readonly from: Readonly<Record<string, string | number>> | null;
}

/** VALIDATION_FAILED unless exactly one of `value` and `computed` is there, and the share is known. */
export async function givenMax(
  tx: Transaction,
  request: Pick<SetLiftMaxRequest, 'userId' | 'liftId' | 'maxType' | 'value' | 'computed'>,
  unit: string,
): Promise<GivenMax> {
  const { value, computed } = request;
  if ((value === '') === (computed === undefined)) {
    const description = 'must be a decimal such as 142.5, or computed must be given, and not both';
    throw invalidFields([{ field: 'value', description }]);
  }
  if (!computed) {
    return { value: new Decimal(value), from: null };
  }
  refuseZeros(computed);
  const program = await loadProgramOfLift(tx, request);
  const { oneRepMax, from } = oneRepMaxOf(computed);
  const percent = shareOf(request, computed, program);
  const exact = new ExactDecimal(oneRepMax).times(percent);
  const step = computed.roundTo === '' ? loadStepIn(unit, program?.load_step) : new Decimal(computed.roundTo);
  return {
    value: roundWeight(exact, { roundTo: step, rounding: 'NEAREST' }),
    from: {
      ...from,
      percent,
      exact: roundWeight(exact, { roundTo: null, rounding: 'NEAREST' }).toFixed(),
      ...(step && { roundTo: step.toFixed() }),
    },
  };
}

function refuseZeros({ from, percent, roundTo }: ComputedMax): void {
  const faults: FieldViolation[] = [];
  const fault = (field: string, text: string) => {
    if (text !== '' && new Decimal(text).isZero()) {
      faults.push({ field: `computed.${field}`, description: `must be above 0, not ${text}` });
    }
  };
  if (from.case === 'oneRepMax') {
    fault('one_rep_max', from.value);
  } else if (from.case === 'set') {
    fault('set.weight', from.value.weight);
  }
  fault('percent', percent);
  fault('round_to', roundTo);
  if (percent !== '' && new Decimal(percent).gt(1)) {
    faults.push({ field: 'computed.percent', description: `must be at most 1, such as 0.9, not ${percent}` });
  }
  if (faults.length > 0) {
    throw invalidFields(faults);
  }
}

function oneRepMaxOf({ from }: ComputedMax): { oneRepMax: Decimal; from: NonNullable<GivenMax['from']> } {
  if (from.case !== 'set') {
    const oneRepMax = new Decimal(from.value ?? '');
    return { oneRepMax, from: { oneRepMax: oneRepMax.toFixed() } };
  }
  const { weight, reps } = from.value;
  const formula = formulaName(from.value.formula);
  const lifted = new Decimal(weight);
  const oneRepMax = estimateOneRepMax(lifted, reps, formula);
  return { oneRepMax, from: { weight: lifted.toFixed(), reps, formula } };
}

/** Unspecified is Epley. */
export function formulaName(formula: EstimateFormula): 'EPLEY' | 'BRZYCKI' {
  return formula === enumValue(EstimateFormulaSchema, 'BRZYCKI') ? 'BRZYCKI' : 'EPLEY';
}

/** A training max is a share of the one-rep max; the other types are that itself. */
function shareOf(
  { maxType }: Pick<SetLiftMaxRequest, 'maxType'>,
  { percent }: ComputedMax,
  program: ProgramOfLift | undefined,
): string {
  const field = 'computed.percent';
  if (enumName(MaxTypeSchema, maxType) !== 'TRAINING_MAX') {
    if (percent !== '') {
      const description = 'must be empty: only a training max is a share of the one-rep max';
      throw invalidFields([{ field, description }]);
    }
    return '1';
  }
  const share = percent || program?.training_max_percent;
  if (!share) {
    const description =
      'is required, such as 0.9: no ACTIVE program of the athlete with this lift has a training_max_percent';
    throw invalidFields([{ field, description }]);
  }
  return new Decimal(share).toFixed();
}

interface ProgramOfLift {
  readonly training_max_percent: string | null;
  readonly load_step: string | null;
}

/** The athlete's ACTIVE program, when the lift is in it. */
async function loadProgramOfLift(
  tx: Transaction,
  { userId, liftId }: Pick<SetLiftMaxRequest, 'userId' | 'liftId'>,
): Promise<ProgramOfLift | undefined> {
  const { rows } = await sql<ProgramOfLift>`
    select p.training_max_percent, p.load_step
    from enrollments e
    join programs p on p.account_id = e.account_id and p.id = e.program_id
    join program_lifts l on l.account_id = p.account_id and l.program_id = p.id and l.lift_id = ${liftId}
    where e.account_id = ${tx.accountId} and e.user_id = ${userId} and e.status = 'ACTIVE'`.execute(tx.sql);
  return rows[0];
}
