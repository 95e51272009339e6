/** The program of an athlete's ACTIVE enrollment, and weights converted to its unit and rounded. */

import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import { enumName } from '../../calls/enum-name.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { Rounding, RoundingSchema } from '../../gen/progression/v1/program_service_pb.ts';
import {
  type Bounds,
  convertUnit,
  ExactDecimal,
  roundWeight,
} from '../../progression/evaluation/rules/weight.ts';
import type { Transaction } from '../../store/database.ts';

export interface ActiveProgram {
  /** '', KILOGRAM or POUND. */
  readonly unit: string;
  /** In the program's order. */
  readonly liftIds: readonly string[];
}

/** undefined when the athlete has no ACTIVE enrollment. */
export async function loadActiveProgram(tx: Transaction, userId: string): Promise<ActiveProgram | undefined> {
  const { rows } = await sql<ActiveProgram>`
    select p.unit, array(
      select l.lift_id from program_lifts l
      where l.account_id = ${tx.accountId} and l.program_id = p.id
      order by l.position, l.lift_id
    ) as "liftIds"
    from enrollments e
    join programs p on p.account_id = ${tx.accountId} and p.id = e.program_id
    where e.account_id = ${tx.accountId} and e.user_id = ${userId} and e.status = 'ACTIVE'`.execute(tx.sql);
  return rows[0];
}

/** The same; throws NOT_ENROLLED. */
export function requireActiveProgram(program: ActiveProgram | undefined, userId: string): ActiveProgram {
  if (!program) {
    throw new DomainError('NOT_ENROLLED', `user ${userId} has no ACTIVE enrollment`, {
      metadata: { userId },
    });
  }
  return program;
}

export type WeightRounding = Pick<Bounds, 'roundTo' | 'rounding'>;

/** KILOGRAM or POUND. */
export interface Conversion {
  readonly from: string;
  readonly to: string;
}

/** The rounding of an action; unspecified: to the nearest, ties up. */
export function roundingOf({ roundTo, rounding }: { roundTo: string; rounding: Rounding }): WeightRounding {
  return {
    roundTo: roundTo ? new Decimal(roundTo) : null,
    rounding: enumName(RoundingSchema, rounding || Rounding.NEAREST) as WeightRounding['rounding'],
  };
}

/** Converted exactly, then rounded once. Without a conversion, only rounded. */
export function convertWeight(value: Decimal, units: Conversion | null, rounding: WeightRounding): Decimal {
  return units === null
    ? roundWeight(new ExactDecimal(value), rounding)
    : convertUnit(value, units, rounding);
}

/** The product, rounded once. */
export function scaleWeight(value: Decimal, factor: Decimal, rounding: WeightRounding): Decimal {
  return roundWeight(new ExactDecimal(value).times(factor), rounding);
}
