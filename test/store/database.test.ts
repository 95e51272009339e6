/** Transactions of one account: all or nothing, and a pool that recovers from lost connections. */
import { sql } from 'kysely';
import { v4 as uuidv4 } from 'uuid';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Database, Rollback, type Transaction } from '../../src/store/database.ts';
import { UserEntity } from '../../src/store/entities/user.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { readRows } from './schema-dump.ts';

const ACCOUNT_ID = uuidv4();

const db = useTestDatabase();
beforeAll(async () => {
  await db.database.ensureAccount(ACCOUNT_ID);
});

function addUser(tx: Transaction, name: string): void {
  const now = systemClock();
  const times = { createdAt: now, updatedAt: now, deletedAt: null };
  tx.em.create(UserEntity, {
    accountId: tx.accountId,
    id: uuidv4(),
    name,
    timeZone: null,
    birthDate: null,
    ...times,
  });
}

async function countUsers(name: string): Promise<number> {
  return (await readRows(db.database, sql`select from users where name = ${name}`)).length;
}

describe('a transaction', () => {
  test('flushes and commits what its work left in the unit of work', async () => {
    expect(await db.database.transaction(ACCOUNT_ID, async (tx) => addUser(tx, 'Ada'))).toBeUndefined();

    expect(await countUsers('Ada')).toBe(1);
  });

  test('is rolled back when its work throws', async () => {
    const failure = new Error('after the flush');
    const work = db.database.transaction(ACCOUNT_ID, async (tx) => {
      addUser(tx, 'Grace');
      await tx.em.flush();
      throw failure;
    });

    await expect(work).rejects.toBe(failure);
    expect(await countUsers('Grace')).toBe(0);
  });

  test('whose statement failed is never answered as committed, also when its work ignores the failure', async () => {
    const work = db.database.transaction(ACCOUNT_ID, async (tx) => {
      await sql`select 1 / 0`.execute(tx.sql).catch(() => undefined);
    });

    await expect(work).rejects.toThrow('division by zero');
  });

  test('that is to be rolled back returns its result, and leaves nothing', async () => {
    const answer = await db.database.transaction(ACCOUNT_ID, async (tx) => {
      addUser(tx, 'Edsger');
      await tx.em.flush();
      throw new Rollback('what would have happened');
    });

    expect(answer).toBe('what would have happened');
    expect(await countUsers('Edsger')).toBe(0);
  });
});

describe('a pool of two connections', () => {
  /** Ends the connection of a transaction, from outside, and waits until it is gone. */
  async function endConnection(tx: Transaction): Promise<void> {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx.sql);
    await readRows(db.database, sql`select pg_terminate_backend(${rows[0]?.pid}, 5000)`);
  }

  async function isWhole(pool: Database): Promise<boolean> {
    const ask = (tx: Transaction) => sql`select pg_sleep(0.01)`.execute(tx.sql);
    await Promise.all([pool.transaction(ACCOUNT_ID, ask), pool.transaction(ACCOUNT_ID, ask)]);
    return true;
  }

  test.each([
    ['before a statement', (tx: Transaction) => sql`select 1`.execute(tx.sql)],
    ['before the commit', async () => undefined],
  ])('recovers after more connections died %s than it has', async (_, next) => {
    const pool = db.open({ connections: 2, connectionWaitMs: 10_000 });
    for (let deaths = 0; deaths < 5; deaths++) {
      const work = pool.transaction(ACCOUNT_ID, async (tx) => {
        await endConnection(tx);
        await next(tx);
      });
      await expect(work).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
    }

    expect(await isWhole(pool)).toBe(true);
  });

  test('recovers after its idle connections died', async () => {
    const pool = db.open({ connections: 2, connectionWaitMs: 10_000 });
    expect(await isWhole(pool)).toBe(true);
    await readRows(
      db.database,
      sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity
          where datname = current_database() and state = 'idle' and pid <> pg_backend_pid()`,
    );

    await expect.poll(() => isWhole(pool).catch(() => false)).toBe(true);
  });
});

describe('an account', () => {
  test('exists from its first use on, also when many transactions use it first at the same time', async () => {
    const accountId = uuidv4();

    await Promise.all([db.database, db.open(), db.open()].map((handle) => handle.ensureAccount(accountId)));

    expect(await readRows(db.database, sql`select id from accounts where id = ${accountId}`)).toHaveLength(1);
  });
});
