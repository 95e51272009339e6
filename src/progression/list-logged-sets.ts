/** ListLoggedSets: an athlete's sets, newest first. */
import { sql } from 'kysely';
import type { ListLoggedSetsRequest } from '../gen/progression/v1/progression_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { requireUser } from '../store/lock-user.ts';
import { Narrowing, type Page, readPage } from '../store/page.ts';
import { instantToText } from '../values/instant.ts';
import { SET_COLUMNS, type SetRow, storedSetOf } from './engine/load-sessions.ts';
import type { StoredSet } from './evaluation/trigger-event.ts';

/** A set and the session that it belongs to. */
export interface SessionSet {
  readonly sessionId: string;
  readonly set: StoredSet;
}

/** By performed_at and id, newest first. USER_NOT_FOUND. */
export async function listLoggedSets(
  tx: Transaction,
  request: ListLoggedSetsRequest,
  defaultPageSize: number,
): Promise<Page<SessionSet>> {
  const { userId, sessionId, liftId } = request;
  await requireUser(tx, userId);
  const narrowing = new Narrowing(
    'ListLoggedSets',
    sql`s.account_id = ${tx.accountId} and s.performed_at > '-infinity'`,
    tx.accountId,
  )
    .by(userId, sql`s.user_id = ${userId}`)
    .by(sessionId, sql`s.session_id = ${sessionId}`)
    .by(liftId, sql`s.lift_id = ${liftId}`)
    .during(sql`s.performed_at`, request);
  const { where } = narrowing;
  return readPage(
    {
      filter: narrowing.filter,
      keyKinds: ['instant', 'uuid'],
      defaultPageSize,
      keyOf: ({ set }: SessionSet) => [set.performedAt, set.id],
      async rows(after, limit) {
        const behind = after
          ? sql`and (s.performed_at, s.id) < (${instantToText(after[0])}::timestamptz, ${after[1]}::uuid)`
          : sql``;
        const { rows } = await sql<SetRow & { session_id: string }>`
          select ${SET_COLUMNS}, s.session_id from logged_sets s
          where ${where} ${behind}
          order by s.performed_at desc, s.id desc limit ${limit}`.execute(tx.sql);
        return rows.map((row) => ({ sessionId: row.session_id, set: storedSetOf(row) }));
      },
      count: request.includeTotalSize ? () => narrowing.count(tx, sql`logged_sets s`) : null,
    },
    request,
  );
}
