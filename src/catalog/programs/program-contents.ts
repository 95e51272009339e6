/** Checks the lifts and days of a program that is created or changed. */
import { LockMode } from '@mikro-orm/core';
import { Decimal } from 'decimal.js';
import { DomainError, type FieldViolation, invalidFields } from '../../errors/domain-error.ts';
import type { ProgramDay as ProgramDayMessage } from '../../gen/progression/v1/program_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { type Lift, LiftEntity } from '../../store/entities/lift.ts';
import type { ProgramDay } from '../../store/entities/program.ts';
import { liftNotFound } from '../lifts.ts';
import { prescriptionsToStored, weeksBeyond } from './prescriptions.ts';

/**
 * The live lifts with these ids, in this order, locked so that none is deleted before the program references
 * it. LIFT_NOT_FOUND names the first missing one.
 */
export async function requireLifts(tx: Transaction, liftIds: readonly string[]): Promise<Lift[]> {
  const ids = liftIds.map((id) => id.toLowerCase());
  const repeated = ids.flatMap((id, position): FieldViolation[] =>
    ids.indexOf(id) < position
      ? [{ field: `lift_ids[${position}]`, description: 'is in the list already' }]
      : [],
  );
  if (repeated.length > 0) {
    throw invalidFields(repeated);
  }
  const found = await tx.em.find(
    LiftEntity,
    { accountId: tx.accountId, id: { $in: ids }, deletedAt: null },
    { lockMode: LockMode.PESSIMISTIC_READ, orderBy: { id: 'asc' } },
  );
  const byId = new Map(found.map((lift) => [lift.id, lift]));
  return ids.map((id) => {
    const lift = byId.get(id);
    if (!lift) {
      throw liftNotFound(id);
    }
    return lift;
  });
}

/**
 * The days in stored form. LIFT_NOT_IN_PROGRAM lists every lift that a day names and the program lacks; VALIDATION_FAILED all
 * that is wrong with what the days prescribe.
 */
export function programDays(
  days: readonly ProgramDayMessage[],
  lifts: readonly Lift[],
  weeksPerCycle: number,
): ProgramDay[] {
  const known = new Set(lifts.map((lift) => lift.id));
  const faults: FieldViolation[] = [];
  const stored = days.map(({ slug, liftIds: ids, prescriptions }, day): ProgramDay => {
    const liftIds = ids.map((id) => id.toLowerCase());
    const prescribed = prescriptionsToStored(prescriptions, liftIds, `days[${day}].prescriptions`);
    faults.push(...prescribed.violations);
    return { slug, liftIds, ...(prescriptions.length > 0 && { prescriptions: prescribed.stored }) };
  });
  faults.push(...weeksBeyond(stored, weeksPerCycle));
  const violations = stored.flatMap(({ liftIds }, day) =>
    liftIds.flatMap((id, position): FieldViolation[] =>
      known.has(id)
        ? []
        : [{ field: `days[${day}].lift_ids[${position}]`, description: `lift ${id} is not in the program` }],
    ),
  );
  const [first] = violations;
  if (first) {
    throw new DomainError('LIFT_NOT_IN_PROGRAM', first.description, { violations });
  }
  if (faults.length > 0) {
    throw invalidFields(faults);
  }
  return stored;
}

/** The step in stored form; VALIDATION_FAILED for 0, which the message's own rules cannot tell. */
export function loadStepOf(loadStep: string): Decimal | null {
  if (loadStep === '') {
    return null;
  }
  const step = new Decimal(loadStep);
  if (step.isZero()) {
    throw invalidFields([{ field: 'load_step', description: `must be above 0, not ${loadStep}` }]);
  }
  return step;
}

/** The share in stored form; VALIDATION_FAILED for 0 and above 1. */
export function trainingMaxPercentOf(percent: string): Decimal | null {
  if (percent === '') {
    return null;
  }
  const share = new Decimal(percent);
  if (share.isZero() || share.gt(1)) {
    const description = `must be above 0 and at most 1, such as 0.9, not ${percent}`;
    throw invalidFields([{ field: 'training_max_percent', description }]);
  }
  return share;
}
