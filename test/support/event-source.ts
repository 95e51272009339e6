/** Athletes whose events are accepted as in every use case: under the athlete's lock, with an outbox row. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../../src/store/database.ts';
import { lockUser } from '../../src/store/lock-user.ts';
import { fact, writeFacts } from '../../src/store/outbox.ts';
import { systemClock } from '../../src/values/system-clock.ts';

export interface EventSource {
  readonly accountId: string;
  readonly userIds: readonly string[];
  /** The partition of the athlete with this index. */
  partitionOf(athlete: number): Promise<number>;
  /**
   * Accepts an event with so many facts of an athlete, by the athlete's place in `userIds`; answers their ids once it
   * has committed. `beforeCommit` comes when everything is written.
   */
  accept(athlete: number, options?: AcceptOptions): Promise<string[]>;
}

export interface AcceptOptions {
  readonly facts?: number;
  readonly type?: string;
  readonly beforeCommit?: () => Promise<unknown>;
}

/** A new account with this number of athletes, all in one partition if it is given. */
export async function createEventSource(
  database: Database,
  athletes: number,
  partition?: number,
): Promise<EventSource> {
  const accountId = uuidv7();
  await database.ensureAccount(accountId);
  const userIds =
    partition === undefined
      ? Array.from({ length: athletes }, () => uuidv7())
      : await idsIn(database, accountId, partition, athletes);
  await database.transaction(accountId, (tx) =>
    sql`insert into users (account_id, id, name)
      select ${accountId}, id, 'Athlete' from unnest(${userIds}::uuid[]) as u(id)`.execute(tx.sql),
  );
  return {
    accountId,
    userIds,
    partitionOf: (athlete) =>
      database.transaction(accountId, async (tx) => {
        const { rows } = await sql<{ partition: number }>`
          select (uuid_hash_extended(${userIds[athlete]}::uuid, 0) & 31)::int as partition`.execute(tx.sql);
        return rows[0]?.partition ?? -1;
      }),
    accept(athlete, { facts: count = 1, type = 'session_completed', beforeCommit } = {}) {
      const userId = `${userIds[athlete]}`;
      return database.transaction(accountId, async (tx) => {
        await lockUser(tx, userId);
        const now = nextInstant();
        const facts = Array.from({ length: count }, (_, n) => fact(type, { n }));
        writeFacts(tx, facts, { userId, actor: 'SYSTEM', cause: null, occurredAt: now, recordedAt: now });
        await tx.em.flush();
        await beforeCommit?.();
        return facts.map(({ id }) => id);
      });
    },
  };
}

function idsIn(database: Database, accountId: string, partition: number, count: number): Promise<string[]> {
  return database.transaction(accountId, async (tx) => {
    const { rows } = await sql<{ id: string }>`
      select id from (select gen_random_uuid() as id from generate_series(1, ${count * 1_000}::int)) candidates
      where uuid_hash_extended(id, 0) & 31 = ${partition} limit ${count}`.execute(tx.sql);
    return rows.map(({ id }) => id);
  });
}

let latest = 0n;

/** The system time, strictly increasing, so that the order of times is the order of acceptance. */
function nextInstant(): bigint {
  const now = systemClock();
  latest = now > latest ? now : latest + 1n;
  return latest;
}

export interface LoggedEvent {
  readonly id: string;
  readonly userId: string;
  readonly sequence: number;
}

/** The account's log in the order in which it was written. */
export async function readLog(database: Database, accountId: string): Promise<LoggedEvent[]> {
  return database.transaction(accountId, async (tx) => {
    const { rows } = await sql<LoggedEvent>`
      select id, user_id as "userId", sequence::float8 as sequence from events
      where account_id = ${accountId} order by transaction_id, sequence, position`.execute(tx.sql);
    return rows;
  });
}

/** The number of entries of the account in the outbox. */
export async function countOutbox(database: Database, accountId: string): Promise<number> {
  return database.transaction(accountId, async (tx) => {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from outbox where account_id = ${accountId}`.execute(tx.sql);
    return rows[0]?.count ?? 0;
  });
}

/** The ids of each athlete's events, in the order given. */
export function idsByUser(events: readonly LoggedEvent[]): Map<string, string[]> {
  const ids = new Map<string, string[]>();
  for (const { id, userId } of events) {
    ids.set(userId, [...(ids.get(userId) ?? []), id]);
  }
  return ids;
}
