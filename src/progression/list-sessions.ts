/** ListSessions: the sessions that an athlete completed, newest first. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import type {
  CompletedSessionSchema,
  ListSessionsRequest,
} from '../gen/progression/v1/progression_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { requireUser } from '../store/lock-user.ts';
import { Narrowing, type Page, readPage } from '../store/page.ts';
import { instantFromText, instantToText, instantToTimestamp } from '../values/instant.ts';

/** A session as its end was reported. */
export interface SessionRow {
  readonly session_id: string;
  readonly request_id: string;
  /** Null for sessions from before details were stored. */
  readonly detail: { daySlug: string; weekNumber: number; liftsPerformed: string[] } | null;
  readonly occurred_at: string;
  readonly recorded_at: string;
  readonly logged_sets: number;
}

/** By the event's time and the session, newest first. USER_NOT_FOUND. */
export async function listSessions(
  tx: Transaction,
  request: ListSessionsRequest,
  defaultPageSize: number,
): Promise<Page<SessionRow>> {
  const { accountId } = tx;
  const { userId, liftId } = request;
  await requireUser(tx, userId);
  const ofAccount = sql`r.account_id = ${accountId} and r.trigger_type = 'AFTER_SESSION'
    and r.occurred_at > '-infinity'`;
  const narrowing = new Narrowing('ListSessions', ofAccount, accountId)
    .by(userId, sql`r.user_id = ${userId}`)
    .by(liftId, sql`r.detail -> 'liftsPerformed' @> to_jsonb(${liftId}::text)`)
    .during(sql`r.occurred_at`, request);
  const { where } = narrowing;
  return readPage(
    {
      filter: narrowing.filter,
      keyKinds: ['instant', 'uuid'],
      defaultPageSize,
      keyOf: (row: SessionRow) => [instantFromText(row.occurred_at), row.session_id],
      async rows(after, limit) {
        // Keys of sessions differ in the session alone, so that they are in its order.
        const behind = after
          ? sql`and (r.occurred_at, r.trigger_key) < (${instantToText(after[0])}::timestamptz, ${`session:${after[1]}`})`
          : sql``;
        const { rows } = await sql<SessionRow>`
          select substr(r.trigger_key, 9) as session_id, r.request_id, r.detail, r.occurred_at, r.recorded_at,
            (select count(*)::int from logged_sets s
              where s.account_id = ${accountId} and s.user_id = ${userId}
                and s.session_id = substr(r.trigger_key, 9)::uuid) as logged_sets
          from requests r
          where ${where} ${behind}
          order by r.occurred_at desc, r.trigger_key desc limit ${limit}`.execute(tx.sql);
        return rows;
      },
      count: request.includeTotalSize ? () => narrowing.count(tx, sql`requests r`) : null,
    },
    request,
  );
}

export function completedSessionMessage(row: SessionRow): MessageInitShape<typeof CompletedSessionSchema> {
  return {
    sessionId: row.session_id,
    requestId: row.request_id,
    ...row.detail,
    completedAt: instantToTimestamp(instantFromText(row.occurred_at)),
    recordedAt: instantToTimestamp(instantFromText(row.recorded_at)),
    loggedSets: row.logged_sets,
  };
}
