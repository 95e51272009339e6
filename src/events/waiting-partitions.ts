/** Finds the partitions of all accounts that have entries to evaluate or to relay. */
import { type RawBuilder, sql } from 'kysely';
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

interface PartitionRow {
  account_id: string;
  partition: number;
}

const BEFORE_ALL: Partition = { accountId: '00000000-0000-0000-0000-000000000000', partition: -1 };

/** Must equal the predicates of the partial indexes. */
const CONDITIONS = {
  EVALUATION: sql.raw('evaluated_at is null'),
  RELAY: sql.raw('relayed_at is null'),
};

/**
 * Returns at most `limit` partitions in one order. Skips through the index from partition to partition, so
 * the cost is one lookup per partition, whatever the number of entries; on a cluster, which refuses recursion over
 * accounts, each shard reads its entries.
 */
export async function findWaitingPartitions(
  database: Database,
  { waitFor, after = BEFORE_ALL, limit, waitingForMs = 0 }: WaitingPartitionsQuery,
): Promise<Partition[]> {
  const waits = CONDITIONS[waitFor];
  const hasWaited = (recordedAt: RawBuilder<unknown>) =>
    waitingForMs > 0
      ? sql`${recordedAt} <= now() - make_interval(secs => ${waitingForMs}::float8 / 1000)`
      : sql`true`;
  const isBehind = sql`(partition, account_id) > (${after.partition}::smallint, ${after.accountId}::uuid)`;
  return database.acrossAccounts(async (db) => {
    const grouping = sql<PartitionRow>`
      select account_id, partition from outbox where ${waits} and ${isBehind}
      group by partition, account_id having ${hasWaited(sql`min(recorded_at)`)}
      order by partition, account_id
      limit ${limit}`;
    const skipping = sql<PartitionRow>`
      with recursive waiting as (
        (
          select partition, account_id, recorded_at from outbox
          where ${waits} and ${isBehind}
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
      select account_id, partition from waiting where ${hasWaited(sql`recorded_at`)}
      limit ${limit}`;
    const { rows } = await (database.isDistributed ? grouping : skipping).execute(db);
    return rows.map((row) => ({ accountId: row.account_id, partition: row.partition }));
  });
}
