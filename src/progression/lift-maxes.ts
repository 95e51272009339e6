/** GetLiftMax and ListLiftMaxVersions: the reference numbers as they are and were. */

import { Decimal } from 'decimal.js';
import { sql } from 'kysely';
import { enumName } from '../calls/enum-name.ts';
import { DomainError } from '../errors/domain-error.ts';
import { MaxTypeSchema } from '../gen/progression/v1/common_pb.ts';
import type {
  GetLiftMaxRequest,
  ListLiftMaxVersionsRequest,
} from '../gen/progression/v1/progression_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import type { LiftMax } from '../store/entities/lift-max.ts';
import { requireUser } from '../store/lock-user.ts';
import { type Page, readPage } from '../store/page.ts';
import { type Instant, instantFromText, instantOfField, instantToText } from '../values/instant.ts';

/** A version of a reference number. */
export type LiftMaxVersion = Omit<LiftMax, 'accountId'>;

export interface LiftMaxRow {
  id: string;
  user_id: string;
  lift_id: string;
  max_type: string;
  version: number;
  value: string;
  unit: string;
  source: string;
  reason: string;
  effective_at: string;
  recorded_at: string;
}

export const LIFT_MAX_COLUMNS = sql.raw(
  `m.id, m.user_id, m.lift_id, m.max_type, m.version, m.value, m.unit, m.source, m.reason, m.effective_at,
  m.recorded_at`,
);

/** The highest version of one max; undefined when there is none. */
export async function findLiftMax(
  tx: Transaction,
  userId: string,
  liftId: string,
  maxType: string,
): Promise<LiftMaxVersion | undefined> {
  const { rows } = await sql<LiftMaxRow>`
    select ${LIFT_MAX_COLUMNS} from lift_maxes m
    where m.account_id = ${tx.accountId} and m.user_id = ${userId} and m.lift_id = ${liftId}
      and m.max_type = ${maxType}
    order by m.version desc limit 1`.execute(tx.sql);
  return rows.map(versionOf)[0];
}

/**
 * The version that was current at `asOf`: of those that had taken effect by then, the highest. Events that were reported
 * late took effect when they happened.
 */
async function findLiftMaxAsOf(
  tx: Transaction,
  { userId, liftId }: GetLiftMaxRequest,
  maxType: string,
  asOf: Instant,
): Promise<LiftMaxVersion | undefined> {
  const { rows } = await sql<LiftMaxRow>`
    select ${LIFT_MAX_COLUMNS} from lift_maxes m
    where m.account_id = ${tx.accountId} and m.user_id = ${userId} and m.lift_id = ${liftId}
      and m.max_type = ${maxType} and m.effective_at <= ${instantToText(asOf)}::timestamptz
    order by m.version desc limit 1`.execute(tx.sql);
  return rows.map(versionOf)[0];
}

/** USER_NOT_FOUND, LIFT_MAX_NOT_FOUND. */
export async function getLiftMax(tx: Transaction, request: GetLiftMaxRequest): Promise<LiftMaxVersion> {
  const { userId, liftId } = request;
  await requireUser(tx, userId);
  const maxType = enumName(MaxTypeSchema, request.maxType);
  const row = request.asOf
    ? await findLiftMaxAsOf(tx, request, maxType, instantOfField(request.asOf, 'as_of'))
    : await findLiftMax(tx, userId, liftId, maxType);
  if (!row) {
    throw new DomainError('LIFT_MAX_NOT_FOUND', `user ${userId} has no ${maxType} for lift ${liftId}`, {
      metadata: { userId, liftId, maxType },
    });
  }
  return row;
}

/** Every version of one max, newest first. */
export async function listLiftMaxVersions(
  tx: Transaction,
  request: ListLiftMaxVersionsRequest,
  defaultPageSize: number,
): Promise<Page<LiftMaxVersion>> {
  const { userId, liftId } = request;
  await requireUser(tx, userId);
  const maxType = enumName(MaxTypeSchema, request.maxType);
  const one = sql`m.account_id = ${tx.accountId} and m.user_id = ${userId} and m.lift_id = ${liftId}
    and m.max_type = ${maxType}`;
  return readPage(
    {
      filter: ['ListLiftMaxVersions', tx.accountId, userId, liftId, maxType],
      keyKinds: ['integer'],
      defaultPageSize,
      keyOf: (max: LiftMaxVersion) => [max.version],
      async rows(after, limit) {
        const { rows } = await sql<LiftMaxRow>`
          select ${LIFT_MAX_COLUMNS} from lift_maxes m
          where ${one} ${after ? sql`and m.version < ${after[0]}` : sql``}
          order by m.version desc limit ${limit}`.execute(tx.sql);
        return rows.map(versionOf);
      },
      // Versions count 1, 2, 3 without a gap.
      count: async () => (await findLiftMax(tx, userId, liftId, maxType))?.version ?? 0,
    },
    request,
  );
}

export function versionOf(row: LiftMaxRow): LiftMaxVersion {
  return {
    id: row.id,
    userId: row.user_id,
    liftId: row.lift_id,
    maxType: row.max_type,
    version: row.version,
    value: new Decimal(row.value),
    unit: row.unit,
    source: row.source,
    reason: row.reason,
    effectiveAt: instantFromText(row.effective_at),
    recordedAt: instantFromText(row.recorded_at),
  };
}
