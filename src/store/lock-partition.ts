/** Partition locks: serialize evaluation for the athletes of a partition within an account. */
import { sql } from 'kysely';
import type { Transaction } from './database.ts';

/**
 * The number of partitions of an account; equal to the modulus in the generated column `outbox.partition`.
 */
export const PARTITIONS = 32;

/** Takes the partition locks that are free, until the transaction ends. */
export async function tryLockPartitions(
  { accountId, sql: db }: Transaction,
  partitions: readonly number[],
): Promise<number[]> {
  const { rows } = await sql<{ partition: number }>`
    select partition from unnest(${partitions}::int[]) as partition
    where pg_try_advisory_xact_lock(${keyOf(accountId, sql.ref('partition'))})`.execute(db);
  return rows.map(({ partition }) => partition);
}

/** Waits for the lock of the athlete's partition, which is held until the transaction ends. */
export async function lockPartitionOf({ accountId, sql: db }: Transaction, userId: string): Promise<void> {
  const partition = sql`uuid_hash_extended(${userId}::uuid, 0) & ${PARTITIONS - 1}::int`;
  await sql`select pg_advisory_xact_lock(${keyOf(accountId, partition)})`.execute(db);
}

/** Waits for the locks of all these partitions, in ascending order, which prevents deadlocks. */
export async function lockPartitions(
  { accountId, sql: db }: Transaction,
  partitions: readonly number[],
): Promise<void> {
  const ordered = [...new Set(partitions)].sort((a, b) => a - b);
  for (const partition of ordered) {
    await sql`select pg_advisory_xact_lock(${keyOf(accountId, sql`${partition}::int`)})`.execute(db);
  }
}

/** The partition is the seed of the hash: on a collision two accounts only wait for each other. */
function keyOf(accountId: string, partition: ReturnType<typeof sql>) {
  return sql`uuid_hash_extended(${accountId}::uuid, ${partition})`;
}
