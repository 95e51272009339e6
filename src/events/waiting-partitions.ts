/** Finds the partitions that have entries to evaluate, or to relay, of every account. */
import { sql } from 'kysely';
import type { Database } from '../store/database.ts';
import type { Partition } from './partition-queue.ts';

export interface WaitingPartitionsQuery {
  readonly waitFor: 'EVALUATION' | 'RELAY';
  /** Where the page before ended; absent: from the start. */
  readonly after?: Partition | undefined;
  readonly limit: number;
  /** Leaves out partitions whose oldest entry was recorded more recently than this; absent: none. */
  readonly waitingForMs?: number;
}

const BEFORE_ALL: Partition = { accountId: '00000000-0000-0000-0000-000000000000', partition: -1 };

/** As the conditions of the indexes say it, word for word. */
const CONDITIONS = {
  EVALUATION: sql.raw('evaluated_at is null'),
  RELAY: sql.raw('relayed_at is null'),
};

/**
 * At most `limit` partitions in one order. Goes from one partition of an account to the next in the index: it costs one
 * look for each, however many entries they have, and one when there is nothing at all.
 */
export async function findWaitingPartitions(
  database: Database,
  { waitFor, after = BEFORE_ALL, limit, waitingForMs = 0 }: WaitingPartitionsQuery,
): Promise<Partition[]> {
  const waits = CONDITIONS[waitFor];
  const hasWaited =
    waitingForMs > 0
      ? sql`where recorded_at <= now() - make_interval(secs => ${waitingForMs}::float8 / 1000)`
      : sql``;
  return database.acrossAccounts(async (db) => {
    const { rows } = await sql<{ account_id: string; partition: number }>`
      with recursive waiting as (
        (
          select partition, account_id, recorded_at from outbox
          where ${waits} and (partition, account_id) > (${after.partition}::smallint, ${after.accountId}::uuid)
          order by partition, account_id, sequence
          limit 1
        )
        union all
        select following.* from waiting w cross join lateral (
          select o.partition, o.account_id, o.recorded_at from outbox o
          where ${waits} and (o.partition, o.account_id) > (w.partition, w.account_id)
          order by o.partition, o.account_id, o.sequence
          limit 1
        ) following
      )
      select account_id, partition from waiting ${hasWaited}
      limit ${limit}`.execute(db);
    return rows.map((row) => ({ accountId: row.account_id, partition: row.partition }));
  });
}
