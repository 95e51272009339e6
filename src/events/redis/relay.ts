/** Relays accepted events to Redis streams: in order within an athlete, at least once. */
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import type { Database, Transaction } from '../../store/database.ts';
import { failpoint } from '../../store/failpoints.ts';
import { PARTITIONS } from '../../store/lock-partition.ts';
import type { EventObserver } from '../event-bus.ts';
import { lockEntries, readEntriesToRelay, type UnrelayedEntry } from '../outbox-entries.ts';
import type { Partition } from '../partition-queue.ts';
import { findWaitingPartitions } from '../waiting-partitions.ts';
import type { Redis } from './redis-client.ts';
import { sendCommand } from './redis-errors.ts';
import { toStreamName, toStreamRecords } from './stream-record.ts';

export interface RelayDeps {
  readonly database: Database;
  readonly redis: Redis;
  readonly limits: Pick<Limits, 'busPartitions' | 'relayedEntries' | 'streamRecords'>;
  readonly observer?: Pick<EventObserver, 'relayed'> | undefined;
}

export interface Relay {
  /**
   * Relays one page of waiting entries. True when more may wait. Rejects when Redis or PostgreSQL is
   * unavailable; the entries stay in the outbox, and some may have been relayed anyway.
   */
  relayOnce(): Promise<boolean>;
}

export function createRelay({ database, redis, limits, observer }: RelayDeps): Relay {
  let after: Partition | undefined;

  /** False when the account has no more entries, or another process relays them. */
  async function relayAccount(accountId: string): Promise<boolean> {
    const hasMore = await database.transaction(accountId, async (tx) => {
      if (!(await tryLockRelay(tx))) {
        return false;
      }
      const entries = await readEntriesToRelay(tx, limits.relayedEntries);
      if (entries.length === 0) {
        return false;
      }
      failpoint('relay-read');
      await addToStreams(redis, accountId, entries, limits.streamRecords);
      failpoint('relay-added');
      await markRelayed(tx, entries);
      failpoint('relay-marked');
      observer?.relayed(entries.length, Math.max(...entries.map(({ waitedMs }) => waitedMs)));
      return entries.length === limits.relayedEntries;
    });
    failpoint('relay-committed');
    return hasMore;
  }

  return {
    async relayOnce() {
      if (!redis.isConnected) {
        return false;
      }
      const limit = limits.busPartitions;
      const found = await findWaitingPartitions(database, { waitFor: 'RELAY', after, limit });
      after = found.length === limit ? found.at(-1) : undefined;
      let hasMore = after !== undefined;
      for (const accountId of new Set(found.map((each) => each.accountId))) {
        hasMore = (await relayAccount(accountId)) || hasMore;
      }
      return hasMore;
    },
  };
}

/**
 * One process at a time relays an account's entries, which keeps their order. The hash seed differs from that
 * of every partition lock.
 */
async function tryLockRelay({ accountId, sql: db }: Transaction): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_xact_lock(uuid_hash_extended(${accountId}::uuid, ${PARTITIONS}::int)) as locked`.execute(
    db,
  );
  return rows[0]?.locked === true;
}

/**
 * Adds the records atomically, so that a record relayed again after a failure does not follow its successors.
 */
async function addToStreams(
  redis: Redis,
  accountId: string,
  entries: readonly UnrelayedEntry[],
  streamRecords: number,
): Promise<void> {
  const TRIM = { strategy: 'MAXLEN', strategyModifier: '~', threshold: streamRecords } as const;
  const additions = redis.multi();
  for (const entry of entries) {
    const { partition } = entry;
    for (const record of toStreamRecords({ accountId, partition }, entry)) {
      additions.xAdd(toStreamName(partition), '*', record, { TRIM });
    }
  }
  await sendCommand(() => additions.exec());
}

/** Deletes the entries that were evaluated in the meantime, and marks the others as relayed. */
async function markRelayed(tx: Transaction, entries: readonly UnrelayedEntry[]): Promise<void> {
  const locked = await lockEntries(
    tx,
    entries.map(({ id }) => id),
  );
  const done = locked.filter(({ isEvaluated }) => isEvaluated).map(({ id }) => id);
  const waiting = locked.filter(({ isEvaluated }) => !isEvaluated).map(({ id }) => id);
  await sql`
    update outbox set relayed_at = now()
    where account_id = ${tx.accountId} and id = any(${waiting}::uuid[])`.execute(tx.sql);
  await sql`
    delete from outbox
    where account_id = ${tx.accountId} and id = any(${done}::uuid[])`.execute(tx.sql);
}
