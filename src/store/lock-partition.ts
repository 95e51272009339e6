/** Serializes what is decided about the athletes of a partition: one transaction of the account at a time. */
import { sql } from 'kysely';
import type { Transaction } from './database.ts';

/** Into how many partitions an account's athletes are hashed; as in the generated column `outbox.partition`. */
export const PARTITIONS = 32;

/** Takes those locks of the partitions that no other transaction has, held until the transaction ends. */
export async function tryLockPartitions(
  { accountId, sql: db }: Transaction,
  partitions: readonly number[],
): Promise<number[]> {
  const { rows } = await sql<{ partition: number }>`
    select partition from unnest(${partitions}::int[]) as partition
    where pg_try_advisory_xact_lock(${keyOf(accountId, sql.ref('partition'))})`.execute(db);
  return rows.map(({ partition }) => partition);
}

/** Waits for the lock of the athlete's partition, held until the transaction ends. */
export async function lockPartitionOf({ accountId, sql: db }: Transaction, userId: string): Promise<void> {
  const partition = sql`uuid_hash_extended(${userId}::uuid, 0) & ${PARTITIONS - 1}::int`;
  await sql`select pg_advisory_xact_lock(${keyOf(accountId, partition)})`.execute(db);
}

/** Waits for the locks of all these partitions, lowest first: whoever takes several takes them in this order. */
export async function lockPartitions(
  { accountId, sql: db }: Transaction,
  partitions: readonly number[],
): Promise<void> {
  const ordered = [...new Set(partitions)].sort((a, b) => a - b);
  for (const partition of ordered) {
    await sql`select pg_advisory_xact_lock(${keyOf(accountId, sql`${partition}::int`)})`.execute(db);
  }
}

/** The partition is the seed: accounts and partitions that share a key by chance only wait for each other. */
function keyOf(accountId: string, partition: ReturnType<typeof sql>) {
  return sql`uuid_hash_extended(${accountId}::uuid, ${partition})`;
}
