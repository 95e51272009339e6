/** Errors of PostgreSQL and the driver as domain errors; every case comes from a real server. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, type Transaction } from '../../src/store/database.ts';
import { translateDatabaseError, violatedUniqueConstraint } from '../../src/store/database-error.ts';
import { EnrollmentEntity } from '../../src/store/entities/enrollment.ts';
import { UserEntity } from '../../src/store/entities/user.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { type Athlete, createAthlete, insertLiftMax } from '../support/fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { readRows } from './schema-dump.ts';

const db = useTestDatabase();
let athlete: Athlete;
beforeAll(async () => {
  athlete = await createAthlete(db.database, {
    lifts: { squat: '100' },
    rules: [{ type: 'LINEAR_PROGRESSION', parameters: {} }],
  });
});

function inTransaction(work: (tx: Transaction) => Promise<unknown>): Promise<unknown> {
  return db.database.transaction(athlete.accountId, work);
}

describe('a violated constraint', () => {
  test('becomes a domain error with the reason of the constraint', async () => {
    const work = inTransaction(async (tx) => {
      tx.em.create(EnrollmentEntity, {
        accountId: tx.accountId,
        id: uuidv7(),
        userId: athlete.userId,
        programId: athlete.programId,
        status: 'ACTIVE',
        startedAt: systemClock(),
        endedAt: null,
      });
    });

    await expect(work).rejects.toMatchObject({ name: 'DomainError', reason: 'ALREADY_ENROLLED' });
  });

  test.each([
    [
      'USER_EXISTS',
      (tx: Transaction) => sql`
      insert into users (account_id, id, name) values (${tx.accountId}, ${athlete.userId}, 'again')`,
    ],
    [
      'SLUG_TAKEN',
      (tx: Transaction) => sql`
      insert into lifts (account_id, id, slug, name) values (${tx.accountId}, ${uuidv7()}, 'squat', 'again')`,
    ],
    [
      'LIFT_NOT_FOUND',
      (tx: Transaction) => sql`
      insert into program_lifts values (${tx.accountId}, ${athlete.programId}, ${uuidv7()}, 9)`,
    ],
    [
      'LIFT_NOT_IN_PROGRAM',
      (tx: Transaction) => sql`
      update program_progressions set lift_id = ${uuidv7()} where account_id = ${tx.accountId}`,
    ],
    [
      'PROGRAM_PROGRESSION_EXISTS',
      (tx: Transaction) => sql`
      insert into program_progressions (account_id, id, program_id, progression_id, priority)
      values (${tx.accountId}, ${uuidv7()}, ${athlete.programId}, ${athlete.progressionIds[0]}, 5)`,
    ],
    [
      'TRIGGER_EXISTS',
      (tx: Transaction) => sql`
      with workflow as (
        insert into workflows (account_id, id, name, status, version, created_by)
        values (${tx.accountId}, ${uuidv7()}, 'A workflow', 'DRAFT', 1, 'coach') returning id)
      insert into workflow_triggers
        (account_id, id, workflow_id, trigger_type, trigger_event, version, revision, created_by)
      select ${tx.accountId}, gen_random_uuid(), id, 'training', 'set_failed', 1, 1, 'coach'
      from workflow, generate_series(1, 2)`,
    ],
  ] as const)('%s', async (reason, statement) => {
    await expect(inTransaction((tx) => statement(tx).execute(tx.sql))).rejects.toMatchObject({ reason });
  });

  test('a weight with 13 digits before the point is out of range', async () => {
    const work = inTransaction((tx) =>
      insertLiftMax(tx, {
        userId: athlete.userId,
        liftId: `${athlete.liftIds.squat}`,
        maxType: 'ONE_RM',
        value: '1000000000000',
      }),
    );

    await expect(work).rejects.toMatchObject({ reason: 'VALUE_OUT_OF_RANGE' });
  });
});

describe('a temporary failure', () => {
  test('a lock timeout becomes CONCURRENT_UPDATE', async () => {
    await inTransaction(async (first) => {
      await sql`select from users where id = ${athlete.userId} for update`.execute(first.sql);
      const second = inTransaction(async (tx) => {
        await sql`set local lock_timeout = 10`.execute(tx.sql);
        await sql`select from users where id = ${athlete.userId} for update`.execute(tx.sql);
      });
      await expect(second).rejects.toMatchObject({ reason: 'CONCURRENT_UPDATE' });
    });
  });

  test('a deadlock becomes CONCURRENT_UPDATE', async () => {
    const lock = (tx: Transaction, key: number) => sql`select pg_advisory_xact_lock(${key})`.execute(tx.sql);
    let arrived = 0;
    let open: (value: unknown) => void;
    const bothHoldOne = new Promise((resolve) => {
      open = resolve;
    });
    const cross = (mine: number, theirs: number) =>
      inTransaction(async (tx) => {
        await lock(tx, mine);
        arrived += 1;
        if (arrived === 2) {
          open(undefined);
        }
        await bothHoldOne;
        await lock(tx, theirs);
      });

    const results = await Promise.allSettled([cross(1, 2), cross(2, 1)]);

    const losers = results.filter((result) => result.status === 'rejected');
    expect(losers.map(({ reason }) => reason.reason)).toEqual(['CONCURRENT_UPDATE']);
  });

  test('a statement timeout becomes DEADLINE_EXCEEDED', async () => {
    const work = inTransaction(async (tx) => {
      await sql`set local statement_timeout = 10`.execute(tx.sql);
      await sql`select pg_sleep(60)`.execute(tx.sql);
    });

    await expect(work).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  });

  test.each([
    ['on a port without a listener', 'postgres://nobody@127.0.0.1:1/nothing'],
    ['at a socket that is not there', 'postgres://nobody@%2Fnonexistent:5432/nothing'],
  ])('a database %s is unavailable', async (_, url) => {
    const database = openDatabase(url, { connections: 1, connectionWaitMs: 1_000 });

    await expect(database.ensureAccount(uuidv7())).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });

    await database.close();
  });

  test('no free connection within the wait is an overload', async () => {
    const narrow = db.open({ connections: 1, transactionWaitMs: 100 });

    await narrow.transaction(athlete.accountId, async () => {
      await expect(narrow.ensureAccount(uuidv7())).rejects.toMatchObject({ reason: 'OVERLOADED' });
    });
  });

  test('a connection that the server ends in a transaction is a database that is unavailable', async () => {
    const work = inTransaction(async (tx) => {
      await endConnection(tx);
      await sql`select 1`.execute(tx.sql);
    });

    await expect(work).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  });
});

/** Ends the connection of a transaction, from outside. */
async function endConnection(tx: Transaction): Promise<void> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx.sql);
  await readRows(db.database, sql`select pg_terminate_backend(${rows[0]?.pid}, 5000)`);
}

describe('a defect of the service', () => {
  test.each([
    ['a constraint that no caller can run into', sql`update programs set weeks_per_cycle = 0`],
    ['a statement that is wrong', sql`select no_such_column from users`],
  ])('%s is rethrown unchanged, to be logged', async (_, statement) => {
    await expect(inTransaction((tx) => statement.execute(tx.sql))).rejects.not.toHaveProperty('reason');
  });

  test('an error that does not come from the database is rethrown unchanged', () => {
    const error = new TypeError('not of the database');

    expect(translateDatabaseError(error)).toBe(error);
  });
});

test('a violated unique constraint is recognised by its name, also through the flush of an entity', async () => {
  let caught: unknown;
  const fork = db.database.orm.em.fork();
  fork.create(UserEntity, {
    accountId: athlete.accountId,
    id: athlete.userId,
    name: 'again',
    timeZone: null,
    birthDate: null,
    createdAt: systemClock(),
    updatedAt: systemClock(),
    deletedAt: null,
  });
  await fork.flush().catch((error: unknown) => {
    caught = error;
  });

  expect(violatedUniqueConstraint(caught)).toBe('users_pkey');
  expect(violatedUniqueConstraint(new Error('anything else'))).toBeUndefined();
});
