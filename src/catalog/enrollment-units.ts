/** The units of an athlete's maxes and of the program that they enroll in: equal, converted, relabelled or refused. */
import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import { DomainError, invalidFields } from '../errors/domain-error.ts';
import { type EnrollUserRequest, UnitMismatch } from '../gen/progression/v1/program_service_pb.ts';
import { appendLiftMax } from '../progression/engine/append-lift-max.ts';
import { convertUnit } from '../progression/evaluation/rules/weight.ts';
import type { WeightUnit } from '../progression/evaluation/snapshot.ts';
import { findLiftMax, type LiftMaxVersion } from '../progression/lift-maxes.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import type { Program } from '../store/entities/program.ts';

export type UnitWish = Partial<Pick<EnrollUserRequest, 'unitMismatch' | 'convertRoundTo'>>;

/** Converted maxes are rounded to what is loadable with the plates that most gyms have. */
const LOADABLE = { KILOGRAM: '2.5', POUND: '5' } as const;

/**
 * UNIT_MISMATCH when a current max of a lift of the program is in another unit than the program, unless the wish says
 * what to do: each such max then gets a new version, and the whole is audited. Maxes without a unit stay. The
 * athlete's lock is held.
 */
export async function settleUnits(
  change: Change,
  userId: string,
  program: Program,
  { unitMismatch = UnitMismatch.UNSPECIFIED, convertRoundTo = '' }: UnitWish,
): Promise<void> {
  const { id: programId } = program;
  const unit = program.unit as WeightUnit;
  if (unit === '') {
    return;
  }
  const foreign = await foreignMaxes(change.tx, userId, programId, unit);
  if (foreign.length === 0) {
    return;
  }
  if (unitMismatch === UnitMismatch.UNSPECIFIED) {
    throw new DomainError(
      'UNIT_MISMATCH',
      `the program is in ${unit}, and ${foreign.length} of the user's maxes for its lifts are not`,
      {
        metadata: {
          userId,
          programId,
          unit,
          liftIds: [...new Set(foreign.map((max) => max.liftId))].join(','),
        },
      },
    );
  }
  const isConverted = unitMismatch === UnitMismatch.CONVERT;
  const roundTo = new Decimal(convertRoundTo || LOADABLE[unit]);
  const after = foreign.map((current) => {
    const { liftId, maxType } = current;
    const units = { from: current.unit, to: unit };
    const value = isConverted
      ? convertUnit(current.value, units, { roundTo, rounding: 'NEAREST' })
      : current.value;
    const reason = `${isConverted ? 'converted' : 'relabelled'} from ${current.unit} to ${unit} at enrollment`;
    return appendLiftMax(change, { userId, liftId, maxType, current, value, unit, reason });
  });
  audit(change, {
    action: 'EnrollUser',
    targetType: 'program',
    targetId: programId,
    userId,
    before: { liftMaxes: foreign.map(describe) },
    after: { liftMaxes: after.map(describe) },
  });
}

/** VALIDATION_FAILED for a step of 0, which the message's own rules cannot tell. */
export function requirePositiveStep({ convertRoundTo = '' }: UnitWish): void {
  if (convertRoundTo !== '' && new Decimal(convertRoundTo).isZero()) {
    throw invalidFields([
      { field: 'convert_round_to', description: `must be above 0, not ${convertRoundTo}` },
    ]);
  }
}

async function foreignMaxes(
  tx: Transaction,
  userId: string,
  programId: string,
  unit: WeightUnit,
): Promise<LiftMaxVersion[]> {
  const { rows } = await sql<{ lift_id: string; max_type: string; unit: string }>`
    select m.lift_id, m.max_type, m.unit
    from program_lifts l
    join lift_maxes f on f.account_id = ${tx.accountId} and f.user_id = ${userId} and f.lift_id = l.lift_id
      and f.version = 1
    cross join lateral (
      select * from lift_maxes
      where account_id = ${tx.accountId} and user_id = f.user_id and lift_id = f.lift_id and max_type = f.max_type
      order by version desc limit 1
    ) m
    where l.account_id = ${tx.accountId} and l.program_id = ${programId}
    order by m.lift_id, m.max_type`.execute(tx.sql);
  const found: LiftMaxVersion[] = [];
  for (const row of rows.filter((each) => each.unit !== '' && each.unit !== unit)) {
    const max = await findLiftMax(tx, userId, row.lift_id, row.max_type);
    found.push(...(max ? [max] : []));
  }
  return found;
}

function describe({ liftId, maxType, version, value, unit }: Omit<LiftMaxVersion, 'id'>) {
  return { liftId, maxType, version, value: value.toFixed(), unit };
}
