/** ListLiftMaxes: the current maxes of an athlete, or of the account's athletes. */
import { sql } from 'kysely';
import type { ListLiftMaxesRequest } from '../gen/progression/v1/progression_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { requireUser } from '../store/lock-user.ts';
import { Narrowing, type Page, readPage } from '../store/page.ts';
import { LIFT_MAX_COLUMNS, type LiftMaxRow, type LiftMaxVersion, versionOf } from './lift-maxes.ts';

/** By athlete, lift and type. USER_NOT_FOUND. Starts from first versions, which each max has once. */
export async function listLiftMaxes(
  tx: Transaction,
  request: ListLiftMaxesRequest,
  defaultPageSize: number,
): Promise<Page<LiftMaxVersion>> {
  const { accountId } = tx;
  const { userId, liftId, programId } = request;
  if (userId !== '') {
    await requireUser(tx, userId);
  }
  const ofAccount = sql`f.account_id = ${accountId} and f.version = 1 and exists (
    select from users u where u.account_id = ${accountId} and u.id = f.user_id and u.deleted_at is null)`;
  const narrowing = new Narrowing('ListLiftMaxes', ofAccount, accountId)
    .by(userId, sql`f.user_id = ${userId}`)
    .by(liftId, sql`f.lift_id = ${liftId}`)
    .by(
      programId,
      sql`exists (
        select from enrollments e where e.account_id = ${accountId} and e.user_id = f.user_id
          and e.program_id = ${programId} and e.status = 'ACTIVE')
      and exists (
        select from program_lifts p where p.account_id = ${accountId} and p.program_id = ${programId}
          and p.lift_id = f.lift_id)`,
    );
  const { where } = narrowing;
  return readPage(
    {
      filter: narrowing.filter,
      keyKinds: ['uuid', 'uuid', 'text'],
      defaultPageSize,
      keyOf: (max: LiftMaxVersion) => [max.userId, max.liftId, max.maxType],
      async rows(after, limit) {
        const behind = after
          ? sql`and (f.user_id, f.lift_id, f.max_type) > (${after[0]}::uuid, ${after[1]}::uuid, ${after[2]})`
          : sql``;
        const { rows } = await sql<LiftMaxRow>`
          select ${LIFT_MAX_COLUMNS}
          from (
            select f.user_id, f.lift_id, f.max_type from lift_maxes f
            where ${where} ${behind}
            order by f.user_id, f.lift_id, f.max_type limit ${limit}
          ) k
          cross join lateral (
            select * from lift_maxes
            where account_id = ${accountId} and user_id = k.user_id and lift_id = k.lift_id
              and max_type = k.max_type
            order by version desc limit 1
          ) m
          order by k.user_id, k.lift_id, k.max_type`.execute(tx.sql);
        return rows.map(versionOf);
      },
      count: userId !== '' || request.includeTotalSize ? () => narrowing.count(tx, sql`lift_maxes f`) : null,
    },
    request,
  );
}
