/**
 * Reads outbox entries in order, and removes them once they are evaluated and, with an external bus, relayed.
 */
import { sql } from 'kysely';
import type { Transaction } from '../store/database.ts';
import type { Cause, Fact, FactActor } from '../store/entities/outbox-entry.ts';
import { PARTITIONS } from '../store/lock-partition.ts';
import { type Instant, instantFromText } from '../values/instant.ts';

export interface WaitingEntry {
  readonly id: string;
  /** Null when the entry concerns no athlete. */
  readonly userId: string | null;
  readonly facts: readonly Fact[];
  readonly actor: FactActor;
  readonly cause: Cause | null;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
  /** The order of acceptance among the entries of one athlete. */
  readonly sequence: bigint;
}

interface EntryRow {
  id: string;
  user_id: string | null;
  facts: Fact[];
  actor: FactActor;
  cause: Cause | null;
  occurred_at: string;
  recorded_at: string;
  sequence: string;
}

/**
 * Reads the oldest unevaluated entries of the partitions, at most `limit` in all, without those of athletes
 * in backoff. The caller holds the partitions' locks, so no other transaction reads the same entries.
 */
export async function readWaitingEntries(
  tx: Transaction,
  partitions: readonly number[],
  limit: number,
  userIdsInBackoff: readonly string[] = [],
): Promise<WaitingEntry[]> {
  const { rows } = await sql<EntryRow>`
    select o.* from unnest(${partitions}::smallint[]) as p(number)
    cross join lateral (
      select id, user_id, facts, actor, cause, occurred_at, recorded_at, sequence from outbox
      where account_id = ${tx.accountId} and partition = p.number and evaluated_at is null
        and (user_id = any(${userIdsInBackoff}::uuid[])) is not true
      order by sequence
      limit ${limit}
    ) o
    order by o.sequence
    limit ${limit}`.execute(tx.sql);
  return rows.map(toWaitingEntry);
}

/** Reads the entry; empty when it is already evaluated. */
export async function readWaitingEntry(tx: Transaction, entryId: string): Promise<WaitingEntry[]> {
  const { rows } = await sql<EntryRow>`
    select id, user_id, facts, actor, cause, occurred_at, recorded_at, sequence from outbox
    where account_id = ${tx.accountId} and id = ${entryId} and evaluated_at is null`.execute(tx.sql);
  return rows.map(toWaitingEntry);
}

/** An entry that has not been relayed to the external bus. */
export interface UnrelayedEntry extends WaitingEntry {
  readonly partition: number;
  /** Time since the entry was recorded. */
  readonly waitedMs: number;
}

/**
 * Reads the oldest entries of each of the account's partitions that are not relayed, at most `limit` in all.
 */
export async function readEntriesToRelay(tx: Transaction, limit: number): Promise<UnrelayedEntry[]> {
  const { rows } = await sql<EntryRow & { partition: number; waited_ms: number }>`
    select o.* from generate_series(0, ${PARTITIONS - 1}::int) as p(number)
    cross join lateral (
      select id, user_id, facts, actor, cause, occurred_at, recorded_at, sequence, partition,
        extract(epoch from clock_timestamp() - recorded_at)::float8 * 1000 as waited_ms
      from outbox
      where account_id = ${tx.accountId} and partition = p.number and relayed_at is null
      order by sequence
      limit ${limit}
    ) o
    order by o.partition, o.sequence
    limit ${limit}`.execute(tx.sql);
  return rows.map((row) => ({ ...toWaitingEntry(row), partition: row.partition, waitedMs: row.waited_ms }));
}

function toWaitingEntry(row: EntryRow): WaitingEntry {
  return {
    id: row.id,
    userId: row.user_id,
    facts: row.facts,
    actor: row.actor,
    cause: row.cause,
    occurredAt: instantFromText(row.occurred_at),
    recordedAt: instantFromText(row.recorded_at),
    sequence: BigInt(row.sequence),
  };
}

/**
 * Deletes evaluated entries from the outbox. With an external bus, entries that are not relayed yet are only
 * marked as evaluated.
 */
export async function removeEvaluatedEntries(
  tx: Transaction,
  entryIds: readonly string[],
  { isRelayed }: { readonly isRelayed: boolean },
): Promise<void> {
  const kept = isRelayed ? await keepUnrelayed(tx, entryIds) : new Set<string>();
  await sql`
    delete from outbox
    where account_id = ${tx.accountId} and id = any(${entryIds.filter((id) => !kept.has(id))}::uuid[])`.execute(
    tx.sql,
  );
}

/**
 * Marks the entries that are not relayed yet. Rows are locked in the same order here and by the relay, so the
 * later transaction sees the result of the earlier one.
 */
async function keepUnrelayed(tx: Transaction, entryIds: readonly string[]): Promise<Set<string>> {
  const locked = await lockEntries(tx, entryIds);
  const unrelayed = locked.filter(({ isRelayed }) => !isRelayed).map(({ id }) => id);
  if (unrelayed.length > 0) {
    await sql`
      update outbox set evaluated_at = now()
      where account_id = ${tx.accountId} and id = any(${unrelayed}::uuid[])`.execute(tx.sql);
  }
  return new Set(unrelayed);
}

/** Locks the entries that still exist, and returns which steps each of them has passed. */
export async function lockEntries(
  tx: Transaction,
  entryIds: readonly string[],
): Promise<{ id: string; isRelayed: boolean; isEvaluated: boolean }[]> {
  const { rows } = await sql<{ id: string; isRelayed: boolean; isEvaluated: boolean }>`
    select id, relayed_at is not null as "isRelayed", evaluated_at is not null as "isEvaluated" from outbox
    where account_id = ${tx.accountId} and id = any(${entryIds}::uuid[])
    order by id
    for update`.execute(tx.sql);
  return rows;
}
