/** SetLiftMax: a person sets the number; the version before it stays. */
import { sql } from 'kysely';
import { enumName } from '../calls/enum-name.ts';
import { DomainError } from '../errors/domain-error.ts';
import { MaxTypeSchema } from '../gen/progression/v1/common_pb.ts';
import { WeightUnitSchema } from '../gen/progression/v1/program_service_pb.ts';
import type { SetLiftMaxRequest } from '../gen/progression/v1/progression_service_pb.ts';
import { audit, type Change } from '../store/change.ts';
import type { Transaction } from '../store/database.ts';
import type { LiftMax } from '../store/entities/lift-max.ts';
import { lockUser } from '../store/lock-user.ts';
import { givenMax } from './computed-max.ts';
import { appendLiftMax } from './engine/append-lift-max.ts';
import { type ResetCounter, resetLiftCounters } from './engine/reset-rule-state.ts';
import { findLiftMax, type LiftMaxVersion } from './lift-maxes.ts';

/**
 * Appends a version with the source MANUAL, or AUTOMATION for a workflow, and sets the failure counters of the lift and max type to 0 unless the
 * request keeps them. USER_NOT_FOUND, LIFT_NOT_FOUND, UNIT_MISMATCH, VALIDATION_FAILED.
 */
export async function setLiftMax(change: Change, request: SetLiftMaxRequest): Promise<LiftMax> {
  const { tx } = change;
  const { userId, liftId, reason } = request;
  const maxType = enumName(MaxTypeSchema, request.maxType);
  await lockUser(tx, userId);
  await requireLift(tx, liftId);
  const current = await findLiftMax(tx, userId, liftId, maxType);
  const unit = await unitOf(tx, request, current);
  const { value, from } = await givenMax(tx, request, unit);
  const made = appendLiftMax(change, {
    userId,
    liftId,
    maxType,
    current,
    value,
    unit,
    reason,
  });
  const target = { userId, liftId, maxType };
  const lost = request.keepFailureCounters ? [] : await resetLiftCounters(change, target);
  audit(change, {
    action: 'SetLiftMax',
    targetType: 'lift_max',
    targetId: made.id,
    userId,
    reason,
    before: withCounters(current ? describe(current) : null, lost),
    after: withCounters(
      { ...describe(made), ...(from && { from }) },
      lost.map((counter) => ({ ...counter, consecutiveFailures: 0 })),
    ),
  });
  return made;
}

function describe({ liftId, maxType, version, value, unit }: LiftMaxVersion) {
  return { liftId, maxType, version, value: value.toFixed(), ...(unit && { unit }) };
}

/** The counters are told of where some were reset. */
function withCounters(max: Record<string, unknown> | null, failureCounters: readonly ResetCounter[]) {
  return failureCounters.length > 0 ? { ...max, failureCounters } : max;
}

/**
 * The unit that is given, else that of the ACTIVE program when the lift is in it, else that of the version before, else
 * that of the ACTIVE program. UNIT_MISMATCH for another one than that of the ACTIVE program of the lift.
 */
export async function unitOf(
  tx: Transaction,
  { userId, liftId, unit }: Pick<SetLiftMaxRequest, 'userId' | 'liftId' | 'unit'>,
  current: LiftMaxVersion | undefined,
): Promise<string> {
  const { rows } = await sql<UnitRow>`
    select a.unit as account_unit, p.id, p.unit, exists (
      select from program_lifts l
      where l.account_id = ${tx.accountId} and l.program_id = p.id and l.lift_id = ${liftId}
    ) as has_lift
    from accounts a
    left join enrollments e on e.account_id = ${tx.accountId} and e.user_id = ${userId} and e.status = 'ACTIVE'
    left join programs p on p.account_id = ${tx.accountId} and p.id = e.program_id
    where a.id = ${tx.accountId}`.execute(tx.sql);
  const [row] = rows;
  const program = row?.id ? { ...row, id: row.id, unit: row.unit ?? '' } : undefined;
  const given = unit === 0 ? '' : enumName(WeightUnitSchema, unit);
  if (program?.has_lift && program.unit && given && given !== program.unit) {
    throw new DomainError('UNIT_MISMATCH', `the user's program is in ${program.unit}, not in ${given}`, {
      metadata: { userId, liftId, programId: program.id, unit: program.unit },
    });
  }
  return (
    given || (program?.has_lift && program.unit) || current?.unit || program?.unit || row?.account_unit || ''
  );
}

async function requireLift(tx: Transaction, liftId: string): Promise<void> {
  const { rows } = await sql`
    select from lifts
    where account_id = ${tx.accountId} and id = ${liftId} and deleted_at is null`.execute(tx.sql);
  if (rows.length === 0) {
    throw new DomainError('LIFT_NOT_FOUND', `lift ${liftId} does not exist`, { metadata: { liftId } });
  }
}

interface UnitRow {
  readonly account_unit: string;
  /** The ACTIVE program's; null without one. */
  readonly id: string | null;
  readonly unit: string | null;
  readonly has_lift: boolean;
}
