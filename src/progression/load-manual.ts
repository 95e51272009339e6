/** Reads what a manual trigger depends on: the athlete's latest real event, and what it has had already. */
import { sql } from 'kysely';
import type { Transaction } from '../store/database.ts';
import { ruleKey } from './snapshot.ts';
import type { ManualTrigger } from './trigger-event.ts';

export interface ManualHistory {
  /** `type:key` of the latest real event; null: there was none. */
  readonly latestEventKey: string | null;
  /** By ruleKey: the application that the latest event has had, by itself or by hand. */
  readonly standingLogIds: Map<string, string>;
}

/** Reverted applications do not stand, but a manual trigger that was undone is not run again without force. */
export async function loadManualHistory(
  tx: Transaction,
  userId: string,
  { progressionId }: ManualTrigger,
): Promise<ManualHistory> {
  const latest = await sql<{ trigger_type: string; trigger_key: string }>`
    select trigger_type, trigger_key from requests
    where account_id = ${tx.accountId} and user_id = ${userId}
      and trigger_type in ('AFTER_SESSION', 'AFTER_WEEK', 'AFTER_CYCLE', 'AFTER_SET')
    order by sequence desc limit 1`.execute(tx.sql);
  const [event] = latest.rows;
  const latestEventKey = event ? `${event.trigger_type}:${event.trigger_key}` : null;
  // The sets of one call share their session; the ledger knows the call by its last set.
  const sessionId = event?.trigger_type === 'AFTER_SET' ? event.trigger_key.split(':')[1] : null;
  const { rows } = await sql<{ id: string; lift_id: string }>`
    select l.id, l.lift_id from progression_logs l
    where l.account_id = ${tx.accountId} and l.user_id = ${userId} and l.progression_id = ${progressionId}
      and (
        l.trigger_key = ${`manual:after:${latestEventKey ?? 'none'}`}
        or (
          (l.trigger_key = ${event?.trigger_key ?? null}
            or (l.session_id = ${sessionId}::uuid and l.trigger_type in ('AFTER_SET', 'ON_FAILURE')))
          and not exists (
            select from progression_logs r where r.account_id = l.account_id and r.reverts_log_id = l.id
          )
        )
      )
    order by l.lift_max_version`.execute(tx.sql);
  return {
    latestEventKey,
    standingLogIds: new Map(rows.map((row) => [ruleKey(row.lift_id, progressionId), row.id])),
  };
}
