/** Statements that are sent together: a failure fails their transaction, with its own error. */
import { setImmediate } from 'node:timers/promises';
import { sql } from 'kysely';
import { v4 as uuidv4 } from 'uuid';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Database, Rollback, type Transaction } from '../../../src/store/database.ts';
import { violatedUniqueConstraint } from '../../../src/store/database-error.ts';
import { awaitSent } from '../../../src/store/driver/statements.ts';
import { UserEntity } from '../../../src/store/entities/user.ts';
import { systemClock } from '../../../src/values/system-clock.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const ACCOUNT_ID = uuidv4();
const TAKEN_ID = uuidv4();

const db = useTestDatabase();
let database: Database;
beforeAll(async () => {
  // One connection: every transaction finds it as the one before left it.
  database = db.open({ connections: 1 });
  await database.ensureAccount(ACCOUNT_ID);
  await database.transaction(ACCOUNT_ID, async (tx) => addUser(tx, TAKEN_ID));
});

function addUser(tx: Transaction, id: string): void {
  const now = systemClock();
  tx.em.create(UserEntity, {
    ...{ accountId: tx.accountId, id, name: 'Ana Silva', timeZone: null, birthDate: null },
    ...{ createdAt: now, updatedAt: now, deletedAt: null },
  });
}

function userIds(): Promise<string[]> {
  return database.transaction(ACCOUNT_ID, async (tx) => {
    const { rows } = await sql<{ id: string }>`select id from users`.execute(tx.sql);
    return rows.map(({ id }) => id);
  });
}

async function constraintOf(work: Promise<unknown>): Promise<string | undefined> {
  return violatedUniqueConstraint(
    await work.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
}

describe('an insert that is refused', () => {
  test('fails the commit, and nothing stays', async () => {
    const id = uuidv4();
    const work = database.transaction(ACCOUNT_ID, async (tx) => {
      addUser(tx, id);
      await tx.em.flush();
      addUser(tx, TAKEN_ID);
    });

    expect(await constraintOf(work)).toBe('users_pkey');
    expect(await userIds()).toEqual([TAKEN_ID]);
  });

  test('fails the next awaited statement with the error of the insert', async () => {
    const work = database.transaction(ACCOUNT_ID, async (tx) => {
      addUser(tx, TAKEN_ID);
      await tx.em.flush();
      await sql`select 1`.execute(tx.sql);
      expect.unreachable();
    });

    expect(await constraintOf(work)).toBe('users_pkey');
    expect(await userIds()).toEqual([TAKEN_ID]);
  });

  test('is reported when it is asked for before a rollback', async () => {
    const work = database.transaction(ACCOUNT_ID, async (tx) => {
      addUser(tx, TAKEN_ID);
      await tx.em.flush();
      await awaitSent(tx.sql);
      throw new Rollback('would have worked');
    });

    expect(await constraintOf(work)).toBe('users_pkey');
  });

  test('does not hide the reason for which its transaction was rolled back', async () => {
    const reason = new Error('changed my mind');
    const work = database.transaction(ACCOUNT_ID, async (tx) => {
      addUser(tx, TAKEN_ID);
      await tx.em.flush();
      throw reason;
    });

    await expect(work).rejects.toBe(reason);
    expect(await userIds()).toEqual([TAKEN_ID]);
  });
});

describe('statements that are sent without waiting', () => {
  test('run in the order in which they were sent', async () => {
    const asked = ['first', 'second', 'third'];

    const answers = await database.transaction(ACCOUNT_ID, async (tx) =>
      Promise.all(
        asked.map((name) =>
          sql<{ before: string | null }>`
            with before as materialized (select current_setting('test.latest', true) as name)
            select name as before, set_config('test.latest', ${name}, true) from before`.execute(tx.sql),
        ),
      ),
    );

    expect(answers.map(({ rows }) => rows[0]?.before || null)).toEqual([null, 'first', 'second']);
  });

  test('fail with the error of the first one that failed, and nothing stays', async () => {
    const id = uuidv4();
    const work = database.transaction(ACCOUNT_ID, async (tx) => {
      const add = (userId: string) =>
        sql`insert into users (account_id, id, name) values (${ACCOUNT_ID}, ${userId}, 'Ana Silva')`.execute(
          tx.sql,
        );
      await Promise.all([add(id), add(TAKEN_ID), sql`select 1`.execute(tx.sql)]);
    });

    expect(await constraintOf(work)).toBe('users_pkey');
    expect(await userIds()).toEqual([TAKEN_ID]);
  });

  test('fail with the error of the first one that failed, also when that one is awaited later', async () => {
    const work = database.transaction(ACCOUNT_ID, async (tx) => {
      const failing = sql`insert into users (account_id, id, name) values (${ACCOUNT_ID}, ${TAKEN_ID}, 'Ana Silva')`;
      const lookedAtLater = failing.execute(tx.sql).then(() => undefined);
      lookedAtLater.catch(() => undefined);
      await sql`select 1`.execute(tx.sql);
      await lookedAtLater;
    });

    expect(await constraintOf(work)).toBe('users_pkey');
  });

  test('are refused from the moment when their transaction fails', async () => {
    let straggler: Promise<unknown> | undefined;
    const work = database.transaction(ACCOUNT_ID, async (tx) => {
      // Before the rollback is answered.
      straggler = setImmediate().then(() => sql`select 1`.execute(tx.sql));
      straggler.catch(() => undefined);
      throw new Error('changed my mind');
    });

    await expect(work).rejects.toThrow('changed my mind');
    await expect(straggler).rejects.toThrow('after the end of its transaction');
  });
});

test('an insert with a returning clause is awaited', async () => {
  const found = await database.transaction(ACCOUNT_ID, async (tx) => {
    const { rows } = await sql<{
      id: string;
    }>`insert into "users" ("account_id", "id", "name") select * from unnest(${[ACCOUNT_ID]}::uuid[],
        ${[TAKEN_ID]}::uuid[], ${['Ana Silva']}::text[]) on conflict (account_id, id) do update set name = excluded.name
      returning id`.execute(tx.sql);
    return rows;
  });

  expect(found).toEqual([{ id: TAKEN_ID }]);
});

test('a transaction whose account cannot be set does nothing', async () => {
  const work = database.transaction(ACCOUNT_ID, async (tx) => addUser(tx, uuidv4()), { lockWaitMs: -1 });

  await expect(work).rejects.toThrow(/lock_timeout/);
  expect(await userIds()).toEqual([TAKEN_ID]);
});
