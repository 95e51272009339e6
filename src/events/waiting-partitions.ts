/** Finds the partitions of all accounts that have entries to evaluate or to relay. */
import { sql } from 'kysely';
import type { Database } from '../store/database.ts';
import type { Partition } from './partition-queue.ts';

export interface WaitingPartitionsQuery {
  readonly waitFor: 'EVALUATION' | 'RELAY';
  /** The last partition of the previous page; absent for the first page. */
  readonly after?: Partition | undefined;
  readonly limit: number;
  /** Minimum waiting time of a partition's oldest entry; absent or 0 for none. */
  readonly waitingForMs?: number;
}

const BEFORE_ALL: Partition = { accountId: '00000000-0000-0000-0000-000000000000', partition: -1 };

/** Must equal the predicates of the partial indexes. */
const CONDITIONS = {
  EVALUATION: sql.raw('evaluated_at is null'),
  RELAY: sql.raw('relayed_at is null'),
};

/**
 * Returns at most `limit` partitions in one order. Skips through the index from partition to partition, so
 * the cost is one lookup per partition, whatever the number of entries.
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
