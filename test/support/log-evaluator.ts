/** A minimal evaluator: writes each fact into the log of events, once and in order, without triggers. */
import { sql } from 'kysely';
import type { HandlePartitions } from '../../src/events/event-bus.ts';
import {
  readWaitingEntries,
  removeEvaluatedEntries,
  type WaitingEntry,
} from '../../src/events/outbox-entries.ts';
import type { Database, Transaction } from '../../src/store/database.ts';
import { tryLockPartitions } from '../../src/store/lock-partition.ts';
import { instantToText } from '../../src/values/instant.ts';

export interface LogEvaluatorOptions {
  /** Entries of one transaction. */
  readonly limit?: number;
  readonly isRelayed?: boolean;
  /** Called between the work and its commit. */
  readonly beforeCommit?: () => Promise<void>;
}

/** An event that is written twice violates the key of the log, and the test fails. */
export function createLogEvaluator(
  database: Database,
  { limit = 100, isRelayed = false, beforeCommit }: LogEvaluatorOptions = {},
): HandlePartitions {
  return (accountId, partitions) =>
    database.transaction(accountId, async (tx) => {
      const free = await tryLockPartitions(tx, partitions);
      const entries = await readWaitingEntries(tx, free, limit);
      await logFacts(tx, entries);
      await removeEvaluatedEntries(
        tx,
        entries.map(({ id }) => id),
        { isRelayed },
      );
      await beforeCommit?.();
      const busy = partitions.filter((each) => !free.includes(each));
      return { busy, unfinished: entries.length === limit ? free : [] };
    });
}

async function logFacts(tx: Transaction, entries: readonly WaitingEntry[]): Promise<void> {
  const rows = entries.flatMap((entry) =>
    entry.userId === null
      ? []
      : entry.facts.map((fact, position) => ({
          account_id: tx.accountId,
          id: fact.id,
          type: fact.type,
          user_id: entry.userId,
          occurred_at: instantToText(entry.occurredAt),
          recorded_at: instantToText(entry.recordedAt),
          sequence: String(entry.sequence),
          position,
          actor: entry.actor,
          data: fact.data,
          previous: fact.previous ?? null,
          root_event_id: entry.cause?.rootEventId ?? fact.id,
        })),
  );
  await sql`
    insert into events (account_id, id, type, user_id, occurred_at, recorded_at, sequence, position, actor, data,
      previous, root_event_id, evaluated_at)
    select *, clock_timestamp() from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(account_id uuid, id uuid,
      type text, user_id uuid, occurred_at timestamptz, recorded_at timestamptz, sequence bigint, position smallint,
      actor text, data jsonb, previous jsonb, root_event_id uuid)`.execute(tx.sql);
}
