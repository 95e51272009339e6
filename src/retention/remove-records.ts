/** Removes rows that nothing refers to: verdicts of triggers, entries of the audit trail, and request ids. */
import { sql } from 'kysely';
import type { Transaction } from '../store/database.ts';
import { type Batch, divide, isInBatch, type OldRow, type RemovedBatch } from './remove-batch.ts';

/**
 * Verdicts on stored events are also in the events, so that a replay decides nothing again. Those of TestTrigger stay: an
 * erasure finds the stored answer by them.
 */
export async function removeExecutions(tx: Transaction, { horizon, limit }: Batch): Promise<RemovedBatch> {
  const { accountId, sql: db } = tx;
  const { rows } = await sql<OldRow>`
    delete from trigger_execution_logs where account_id = ${accountId} and id = any(array(
      select l.id from workflow_triggers t
      cross join lateral (
        select id from trigger_execution_logs
        where account_id = ${accountId} and trigger_id = t.id and executed_at < ${horizon}::timestamptz
          and kind <> 'TEST'
        order by executed_at limit ${limit}
      ) l
      where t.account_id = ${accountId} limit ${limit}))
    returning id, executed_at as at, true as goes`.execute(db);
  return { removed: rows.length, next: rows.length === limit ? rows.at(-1) : undefined };
}

/** The entry of a max that was set by hand stays while the max is the latest: RevertLiftMax reads it. */
export async function removeAuditEntries(tx: Transaction, batch: Batch): Promise<RemovedBatch> {
  const { accountId, sql: db } = tx;
  const { rows } = await sql<OldRow>`
    select a.id, a.recorded_at as at, not (a.action = 'SetLiftMax' and not exists (
      select from lift_maxes later
      where later.account_id = ${accountId} and later.user_id = a.user_id
        and later.lift_id = (a.after ->> 'liftId')::uuid and later.max_type = a.after ->> 'maxType'
        and later.version = (a.after ->> 'version')::int + 1)) as goes
    from audit_log a
    where a.account_id = ${accountId} and ${isInBatch('recorded_at', batch)}
    order by a.recorded_at, a.id limit ${batch.limit}`.execute(db);
  const { ids, next } = divide(rows, batch);
  const { numAffectedRows } = await sql`
    delete from audit_log where account_id = ${accountId} and id = any(${ids}::uuid[])`.execute(db);
  return { removed: Number(numAffectedRows ?? 0n), next };
}

/** Of calls that report no event: what names an athlete is an event's identity, and stays. */
export async function removeRequestIds(tx: Transaction, { horizon, limit }: Batch): Promise<RemovedBatch> {
  const { accountId, sql: db } = tx;
  const { rows } = await sql<OldRow>`
    delete from requests r
    using (
      select method, request_id from requests
      where account_id = ${accountId} and user_id is null and recorded_at < ${horizon}::timestamptz
      order by recorded_at limit ${limit}
    ) old
    where r.account_id = ${accountId} and r.method = old.method and r.request_id = old.request_id
    returning r.request_id as id, r.recorded_at as at, true as goes`.execute(db);
  return { removed: rows.length, next: rows.length === limit ? rows.at(-1) : undefined };
}
