/** Removes runs that have ended, with the results of their steps. */
import { sql } from 'kysely';
import type { Transaction } from '../store/database.ts';
import { type Batch, divide, isInBatch, type OldRow, type RemovedBatch } from './remove-batch.ts';

/** A duration in stored settings, which is JSON of protobuf; null when it cannot be read. */
const span = (path: string) =>
  sql`case when t.settings #>> ${path}::text[] ~ '^[0-9]+([.][0-9]+)?s$' then (t.settings #>> ${path}::text[])::interval end`;

/**
 * What policies of enrollment ask stays: the latest run of each athlete in each workflow, and the runs within the
 * workflow's cooldown and window.
 */
export async function removeRuns(tx: Transaction, batch: Batch): Promise<RemovedBatch> {
  const { accountId, sql: db } = tx;
  const { rows } = await sql<OldRow>`
    with old as (
      select * from workflow_enrollments
      where account_id = ${accountId} and ${isInBatch('recorded_at', batch)}
      order by recorded_at, id limit ${batch.limit}
    ), spans as materialized (
      select t.workflow_id, max(greatest(${span('{cooldown}')}, ${span('{limit,window}')})) as longest
      from workflow_triggers t
      where t.account_id = ${accountId} and t.deleted_at is null
        and t.workflow_id = any(array(select distinct workflow_id from old))
      group by t.workflow_id
    )
    select old.id, old.recorded_at as at, coalesce(old.ended_at < ${batch.horizon}::timestamptz
      and (old.state = 'CANCELLED' and old.next_step = 0 or exists (
        select from workflow_enrollments later
        where later.account_id = ${accountId} and later.user_id = old.user_id and later.workflow_id = old.workflow_id
          and (later.enrolled_at, later.id) > (old.enrolled_at, old.id)
          and not (later.state = 'CANCELLED' and later.next_step = 0)))
      and old.enrolled_at < ${batch.now}::timestamptz - coalesce(longest, interval '0'), false) as goes
    from old left join spans on spans.workflow_id = old.workflow_id
    order by old.recorded_at, old.id`.execute(db);
  const { ids: ended, next } = divide(rows, batch);
  // A run that is retried meanwhile goes on.
  const locked = await sql<{ id: string }>`
    select id from workflow_enrollments
    where account_id = ${accountId} and id = any(${ended}::uuid[]) and ended_at is not null
    for update skip locked`.execute(db);
  const ids = locked.rows.map(({ id }) => id);
  await sql`
    delete from action_executions where account_id = ${accountId} and enrollment_id = any(${ids}::uuid[])`.execute(
    db,
  );
  await sql`delete from workflow_enrollments where account_id = ${accountId} and id = any(${ids}::uuid[])`.execute(
    db,
  );
  return { removed: ids.length, next };
}
