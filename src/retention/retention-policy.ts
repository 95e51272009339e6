/** The retention policy of an account: for how many days rows of each kind are kept. */
import { sql } from 'kysely';
import type { Transaction } from '../store/database.ts';
import { type Instant, instantToText } from '../values/instant.ts';

/** Days by kind; 0: for ever. */
export interface RetentionPolicy {
  readonly eventsDays: number;
  readonly executionsDays: number;
  readonly runsDays: number;
  readonly auditDays: number;
  readonly requestIdsDays: number;
}

export const KEEPS_EVERYTHING: RetentionPolicy = {
  ...{ eventsDays: 0, executionsDays: 0, runsDays: 0, auditDays: 0, requestIdsDays: 0 },
};

export async function loadRetention({ accountId, sql: db }: Transaction): Promise<RetentionPolicy> {
  const { rows } = await sql<RetentionPolicy>`
    select coalesce(events_days, 0) as "eventsDays", coalesce(executions_days, 0) as "executionsDays",
      coalesce(runs_days, 0) as "runsDays", coalesce(audit_days, 0) as "auditDays",
      coalesce(request_ids_days, 0) as "requestIdsDays"
    from retention_policies where account_id = ${accountId}`.execute(db);
  return rows[0] ?? KEEPS_EVERYTHING;
}

/** Begins a pass over the account's rows at once. The account's row is locked by the caller. */
export async function saveRetention(
  { accountId, sql: db }: Transaction,
  { eventsDays, executionsDays, runsDays, auditDays, requestIdsDays }: RetentionPolicy,
  now: Instant,
): Promise<void> {
  const days = [eventsDays, executionsDays, runsDays, auditDays, requestIdsDays];
  const dueAt = days.some((each) => each > 0) ? instantToText(now) : null;
  await sql`
    insert into retention_policies
      (account_id, events_days, executions_days, runs_days, audit_days, request_ids_days, due_at)
    values (${accountId}, ${sql.join(days.map((each) => each || null))}, ${dueAt})
    on conflict (account_id) do update set events_days = excluded.events_days,
      executions_days = excluded.executions_days, runs_days = excluded.runs_days, audit_days = excluded.audit_days,
      request_ids_days = excluded.request_ids_days, due_at = excluded.due_at, kind = null, after_at = null,
      after_id = null`.execute(db);
}
