/** What waits in the outbox for a partition of an account: read in order, taken out once it is evaluated. */
import { sql } from 'kysely';
import { type Instant, instantFromText } from '../instant.ts';
import type { Transaction } from '../store/database.ts';
import type { Cause, Fact, FactActor } from '../store/entities/outbox-entry.ts';

export interface WaitingEntry {
  readonly id: string;
  /** Null for what concerns no athlete. */
  readonly userId: string | null;
  readonly facts: readonly Fact[];
  readonly actor: FactActor;
  readonly cause: Cause | null;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
  /** Among the entries of one athlete: the order of acceptance. */
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

/** The oldest entries that are not evaluated, at most `limit`. The partition's lock is held: nobody else takes them. */
export async function readWaitingEntries(
  tx: Transaction,
  partition: number,
  limit: number,
): Promise<WaitingEntry[]> {
  const { rows } = await sql<EntryRow>`
    select id, user_id, facts, actor, cause, occurred_at, recorded_at, sequence from outbox
    where account_id = ${tx.accountId} and partition = ${partition} and evaluated_at is null
    order by sequence
    limit ${limit}`.execute(tx.sql);
  return rows.map(entryOf);
}

/** An entry as its row says it. */
export function entryOf(row: EntryRow): WaitingEntry {
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
 * Takes evaluated entries out of the outbox. Where entries are relayed to a bus as well, those that have not been yet
 * stay for that, and are only marked as evaluated.
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

/** Whoever relays them waits for this transaction, and then finds that they only have to be relayed. */
async function keepUnrelayed(tx: Transaction, entryIds: readonly string[]): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    update outbox set evaluated_at = now()
    where account_id = ${tx.accountId} and id = any(${entryIds}::uuid[]) and relayed_at is null
    returning id`.execute(tx.sql);
  return new Set(rows.map(({ id }) => id));
}
