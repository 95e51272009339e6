/** Holds an athlete's lock in another transaction, as another server process would. */
import { sql } from 'kysely';
import { expect } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { lockUser } from '../../src/store/lock-user.ts';
import { readRows } from '../store/schema-dump.ts';
import type { Athlete } from './fixtures.ts';

export interface HeldAthlete {
  release(): Promise<void>;
}

/** Resolves when the lock is held. */
export async function holdAthlete(
  database: Database,
  { accountId, userId }: Pick<Athlete, 'accountId' | 'userId'>,
): Promise<HeldAthlete> {
  const locked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const held = database.transaction(accountId, async (tx) => {
    await lockUser(tx, userId);
    locked.resolve();
    await released.promise;
  });
  await locked.promise;
  return {
    async release() {
      released.resolve();
      await held;
    },
  };
}

/** Waits until this many statements wait for a lock. */
export async function expectWaiting(database: Database, count: number): Promise<void> {
  await expect
    .poll(async () => {
      const rows = await readRows<{ waiting: number }>(
        database,
        sql`select count(*)::int as waiting from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rows[0]?.waiting;
    })
    .toBe(count);
}
