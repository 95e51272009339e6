/** Relays what is accepted to the streams of Redis: in order within an athlete, each fact at least once. */
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import type { Database, Transaction } from '../../store/database.ts';
import { failpoint } from '../../store/failpoints.ts';
import { PARTITIONS } from '../../store/lock-partition.ts';
import type { EventObserver } from '../event-observer.ts';
import { lockEntries, readEntriesToRelay, type UnrelayedEntry } from '../outbox-entries.ts';
import type { Partition } from '../partition-queue.ts';
import { findWaitingPartitions } from '../waiting-partitions.ts';
import { type Redis, sendCommand } from './redis-connection.ts';
import { toStreamName, toStreamRecords } from './stream-record.ts';

export interface RelayDeps {
  readonly database: Database;
  readonly redis: Redis;
  readonly limits: Pick<Limits, 'busPartitions' | 'relayedEntries' | 'streamRecords'>;
  readonly observer?: Pick<EventObserver, 'relayed'> | undefined;
}

export interface Relay {
  /**
   * Relays a part of what waits. True: there may be more. Rejects when Redis or PostgreSQL is not there: then it stays
   * in the outbox, and some of it may have been relayed all the same.
   */
  relayOnce(): Promise<boolean>;
}

export function createRelay({ database, redis, limits, observer }: RelayDeps): Relay {
  let after: Partition | undefined;

  /** False: the account has no more, or another process is on it. */
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
      if (!redis.isReady) {
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

/** One process at a time relays an account's entries: that keeps their order. The seed is none of a partition's. */
async function tryLockRelay({ accountId, sql: db }: Transaction): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_xact_lock(uuid_hash_extended(${accountId}::uuid, ${PARTITIONS}::int)) as locked`.execute(
    db,
  );
  return rows[0]?.locked === true;
}

/** All or none of them, so that what is relayed again after a failure does not come behind what followed it. */
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

/** Entries that were evaluated meanwhile are done with. */
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
