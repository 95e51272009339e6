/** Removes events from the log. Their ids and their occurrences stay taken. */
import { sql } from 'kysely';
import type { Transaction } from '../store/database.ts';
import { lockPartitions, PARTITIONS } from '../store/lock-partition.ts';
import { type Batch, divide, isInBatch, type OldRow, type RemovedBatch } from './remove-batch.ts';

/**
 * An event stays while a run of its athlete goes on that began with it or before it, while a dead letter waits for it,
 * and while it is the latest of the account, so that readers who have read everything find their place. Holds all
 * partitions: no event is evaluated or replayed meanwhile.
 */
export async function removeEvents(tx: Transaction, batch: Batch): Promise<RemovedBatch> {
  const { accountId, sql: db } = tx;
  const horizon = await shortenByHistory(tx, batch);
  await lockPartitions(tx, [...Array(PARTITIONS).keys()]);
  const { rows } = await sql<OldRow>`
    with old as (
      select id, user_id, recorded_at, evaluated_at from events
      where account_id = ${accountId} and ${isInBatch('recorded_at', { ...batch, horizon })}
      order by recorded_at, id limit ${batch.limit}
    ), open_runs as materialized (
      select user_id, event_id, recorded_at from workflow_enrollments
      where account_id = ${accountId} and user_id = any(array(select distinct user_id from old)) and ended_at is null
    ), latest as (
      select id from events where account_id = ${accountId}
      order by transaction_id desc, sequence desc, position desc limit 1
    )
    select id, recorded_at as at, not (
      id = (select id from latest)
      or exists (select from open_runs r where r.user_id = old.user_id
        and (r.event_id = old.id or r.recorded_at <= old.evaluated_at))
      or exists (select from dead_letters d where d.account_id = ${accountId} and d.event_id = old.id
        and d.state in ('RETRYING', 'DEAD'))) as goes
    from old order by recorded_at, id`.execute(db);
  const { ids, next } = divide(rows, batch);
  const { rows: gone } = await sql<RemovedEvent>`
    delete from events where account_id = ${accountId} and id = any(${ids}::uuid[])
    returning id, trigger_id, case when trigger_id is not null then user_id end as user_id, occurrence_key`.execute(
    db,
  );
  await sql`
    insert into removed_events (account_id, id, trigger_id, user_id, occurrence_key)
    select a.id, g.* from accounts a cross join unnest(
      ${gone.map(({ id }) => id)}::uuid[], ${gone.map(({ trigger_id }) => trigger_id)}::uuid[],
      ${gone.map(({ user_id }) => user_id)}::uuid[], ${gone.map(({ occurrence_key }) => occurrence_key)}::text[]) g
    where a.id = ${accountId}`.execute(db);
  return { removed: gone.length, next };
}

interface RemovedEvent {
  id: string;
  trigger_id: string | null;
  user_id: string | null;
  occurrence_key: string | null;
}

/** The horizon, or an earlier one that the filters of triggers look back to: `within` is text such as `30d`. */
async function shortenByHistory(
  { accountId, sql: db }: Transaction,
  { now, horizon }: Batch,
): Promise<string> {
  const { rows } = await sql<{ horizon: string }>`
    select least(${horizon}::timestamptz, ${now}::timestamptz - max(span::interval)) as horizon
    from workflow_triggers t
    cross join lateral (
      select within #>> '{}' as span from jsonb_path_query(t.filters, 'lax $.**.within') within
    ) looked
    where t.account_id = ${accountId} and t.deleted_at is null and span ~ '^[0-9]{1,6}[mhdw]$'`.execute(db);
  return rows[0]?.horizon ?? horizon;
}
