/** Cancels many runs at once. */
import { type RawBuilder, sql } from 'kysely';
import type { Change } from '../../store/change.ts';
import { instantToText } from '../../values/instant.ts';
import { type HeldCapSlot, loadHeldCapCounters, releaseCapSlots } from '../evaluation/queued-enrollment.ts';

interface EndedRun extends HeldCapSlot {
  readonly stateBefore: string;
}

/**
 * Cancels the chosen runs that have not ended, oldest first, and returns their number. They are locked in the order of their
 * ids, so that concurrent transactions that lock several runs cannot deadlock. Runs that have not started return their slots
 * in caps, which other workflows may share. The caller holds the account's partitions.
 */
export async function endRuns(
  { tx, now }: Change,
  chosen: RawBuilder<unknown>,
  reason: string,
  limit: number | null = null,
): Promise<number> {
  const { rows } = await sql<EndedRun>`
    with oldest as (
      select id from workflow_enrollments
      where account_id = ${tx.accountId} and ended_at is null and ${chosen}
      order by recorded_at, id
      limit ${limit}
    ), running as (
      select id, state from workflow_enrollments
      where account_id = ${tx.accountId} and ended_at is null and id in (select id from oldest)
      order by id
      for no key update
    ), cancelled as (
      update workflow_enrollments e
      set state = 'CANCELLED', due_at = null, paused_due_at = null, ended_at = ${instantToText(now)}::timestamptz,
        ended_reason = ${reason}
      from running r
      where e.account_id = ${tx.accountId} and e.id = r.id
      returning e.*, r.state as state_before
    )
    select workflow_id as "workflowId", trigger_id as "triggerId", trigger_version as "triggerVersion",
      enrolled_at as "enrolledAt", state_before as "stateBefore"
    from cancelled`.execute(tx.sql);
  const queued = rows.filter(({ stateBefore }) => stateBefore === 'QUEUED');
  if (queued.length > 0) {
    await releaseCapSlots(tx, await loadHeldCapCounters(tx, queued));
  }
  return rows.length;
}
