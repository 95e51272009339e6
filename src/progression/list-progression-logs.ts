/** ListProgressionLogs: applications of an athlete or of the account, newest first, with the names of their rules and lifts. */
import { sql } from 'kysely';
import { enumName } from '../calls/enum-name.ts';
import { invalidFields } from '../errors/domain-error.ts';
import { ProgressionTypeSchema, TriggerTypeSchema } from '../gen/progression/v1/common_pb.ts';
import type { ListProgressionLogsRequest } from '../gen/progression/v1/progression_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { requireUser } from '../store/lock-user.ts';
import { Narrowing, type Page, readPage } from '../store/page.ts';
import { instantFromText, instantToText } from '../values/instant.ts';
import type { ProgressionLogRow } from './engine/lift-max-message.ts';

const columnsOf = ({
  accountId,
}: Transaction) => sql`l.id, l.user_id, l.progression_id, p.name as progression_name,
  p.type as progression_type, l.lift_id, f.name as lift_name, l.max_type, l.previous_value, l.new_value, l.delta,
  l.trigger_type, l.trigger_context, l.applied_at, l.recorded_at, l.lift_max_version,
  l.stage_before, l.stage_after,
  (select r.id from progression_logs r where r.account_id = ${accountId} and r.reverts_log_id = l.id)
    as reverted_by_log_id`;

const WITH_NAMES = sql.raw(`progression_logs l
  join progressions p on p.account_id = l.account_id and p.id = l.progression_id
  join lifts f on f.account_id = l.account_id and f.id = l.lift_id`);

/** By applied_at and id, newest first. USER_NOT_FOUND. */
export async function listProgressionLogs(
  tx: Transaction,
  request: ListProgressionLogsRequest,
  defaultPageSize: number,
): Promise<Page<ProgressionLogRow>> {
  if (request.userId !== '') {
    await requireUser(tx, request.userId);
  }
  const narrowing = narrow(tx, request);
  const { where } = narrowing;
  return readPage(
    {
      filter: narrowing.filter,
      keyKinds: ['instant', 'uuid'],
      defaultPageSize,
      keyOf: (row: ProgressionLogRow) => [instantFromText(row.applied_at), row.id],
      async rows(after, limit) {
        const behind = after
          ? sql`and (l.applied_at, l.id) < (${instantToText(after[0])}::timestamptz, ${after[1]}::uuid)`
          : sql``;
        const { rows } = await sql<ProgressionLogRow>`
          select ${columnsOf(tx)} from ${WITH_NAMES}
          where ${where} ${behind}
          order by l.applied_at desc, l.id desc limit ${limit}`.execute(tx.sql);
        return rows;
      },
      count: request.includeTotalSize ? () => narrowing.count(tx, sql`progression_logs l`) : null,
    },
    request,
  );
}

/** One row of the log with its names; undefined when the athlete has none with this id. */
export async function findProgressionLog(
  tx: Transaction,
  userId: string,
  logId: string,
): Promise<ProgressionLogRow | undefined> {
  const { rows } = await sql<ProgressionLogRow>`
    select ${columnsOf(tx)} from ${WITH_NAMES}
    where l.account_id = ${tx.accountId} and l.user_id = ${userId} and l.id = ${logId}`.execute(tx.sql);
  return rows[0];
}

/** VALIDATION_FAILED for a session without its athlete: sessions are known within an athlete. */
function narrow({ accountId }: Transaction, request: ListProgressionLogsRequest): Narrowing {
  const { userId, liftId, progressionType, triggerType, sessionId } = request;
  if (sessionId !== '' && userId === '') {
    throw invalidFields([{ field: 'user_id', description: 'is required with session_id' }]);
  }
  const type = progressionType === 0 ? '' : enumName(ProgressionTypeSchema, progressionType);
  const trigger = triggerType === 0 ? '' : enumName(TriggerTypeSchema, triggerType);
  return new Narrowing(
    'ListProgressionLogs',
    sql`l.account_id = ${accountId} and l.applied_at > '-infinity'`,
    accountId,
  )
    .by(userId, sql`l.user_id = ${userId}`)
    .by(liftId, sql`l.lift_id = ${liftId}`)
    .by(
      type,
      sql`l.progression_id in (select id from progressions where account_id = ${accountId} and type = ${type})`,
    )
    .by(trigger, sql`l.trigger_type = ${trigger}`)
    .by(sessionId, sql`l.session_id = ${sessionId} and l.trigger_key > ''`)
    .during(sql`l.applied_at`, request);
}
