/** What a Citus cluster needs: forms of statements, and errors that name no constraint. The forms run on any PostgreSQL. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, inject, test } from 'vitest';
import { DomainError } from '../../src/errors/domain-error.ts';
import { distribute, readCluster } from '../../src/store/cluster.ts';
import { translateDatabaseError, violatedUniqueConstraint } from '../../src/store/database-error.ts';
import { DRAWING } from '../../src/store/driver/row-insert-driver.ts';
import { LoggedSetEntity } from '../../src/store/entities/logged-set.ts';
import { numberedRows } from '../../src/store/rows-to-insert.ts';
import { useTestDatabase } from '../support/test-database.ts';

const db = useTestDatabase();

describe('on one PostgreSQL', () => {
  test.skipIf(process.env.CITUS_URL)('there is no cluster, and nothing is distributed', async () => {
    expect(await readCluster(db.database)).toEqual({
      exists: false,
      isCoordinator: false,
      isDistributed: false,
    });
    await expect(distribute(db.database)).rejects.toThrow('the database has no extension citus');
  });
});

describe.each([false, true])('rows with numbers of acceptance, distributed: %s', (isDistributed) => {
  test('are inserted in their order', async () => {
    const database = db.open({ isDistributed: isDistributed || db.database.isDistributed });
    const accountId = uuidv7();
    await database.ensureAccount(accountId);
    const ids = Array.from({ length: 5 }, () => uuidv7()).toReversed();
    const { rows } = await database.transaction(accountId, async (tx) => {
      await sql`
        insert into outbox (account_id, id, facts, actor, occurred_at)
        ${numberedRows(tx, [
          ['uuid', ids],
          ['jsonb', ids.map((id) => JSON.stringify([{ id }]))],
          ['text', 'SYSTEM'],
          ['timestamptz', '2026-01-01T00:00:00Z'],
        ])}`.execute(tx.sql);
      return sql<{ id: string }>`
        select id from outbox where account_id = ${accountId} and actor = 'SYSTEM' order by sequence`.execute(
        tx.sql,
      );
    });
    expect(rows.map(({ id }) => id)).toEqual(ids);
  });
});

test('the flush of a cluster knows the tables with a default that is drawn', () => {
  const entities = [...db.database.orm.getMetadata().getAll().values()];
  const flushed = new Set(entities.map(({ tableName }) => tableName));
  const tables = inject('drawing').map(([table]) => table);
  expect([...DRAWING].toSorted()).toEqual(tables.filter((table) => flushed.has(table)).toSorted());
});

test('the flush of a cluster numbers rows in their order, in statements of few sizes', async () => {
  const database = db.open({ isDistributed: true });
  const { accountId, userId, liftId } = await createAthlete(database);
  const numbers = Array.from({ length: 75 }, (_, index) => index + 1);
  await database.transaction(accountId, async ({ em }) => {
    for (const setNumber of numbers) {
      em.create(LoggedSetEntity, {
        ...{ accountId, id: uuidv7(), userId, sessionId: SESSION_ID, liftId, setNumber, kind: 'WORK' },
        ...{ weight: '100', targetWeight: null, targetReps: 5, repsPerformed: 5, rpe: null, performedAt: 1n },
      } as never);
    }
  });
  const stored = await database.transaction(accountId, async (tx) =>
    sql<{ set_number: number }>`
      select set_number from logged_sets where account_id = ${accountId} order by sequence`.execute(tx.sql),
  );
  expect(stored.rows.map(({ set_number }) => set_number)).toEqual(numbers);
});

const SESSION_ID = uuidv7();

async function createAthlete(database: ReturnType<typeof db.open>) {
  const [accountId, userId, liftId] = [uuidv7(), uuidv7(), uuidv7()];
  await database.ensureAccount(accountId);
  await database.transaction(accountId, async (tx) => {
    await sql`
      insert into users (account_id, id, name, created_at, updated_at)
      values (${accountId}, ${userId}, 'Ada', now(), now())`.execute(tx.sql);
    await sql`
      insert into lifts (account_id, id, slug, name, created_at, updated_at)
      values (${accountId}, ${liftId}, 'squat', 'Squat', now(), now())`.execute(tx.sql);
  });
  return { accountId, userId, liftId };
}

describe('an error that a coordinator passes on', () => {
  const failed = (code: string, message: string) => Object.assign(new Error(message), { code });

  test('has the constraint in its message, with the number of the shard', () => {
    const error = failed(
      '23505',
      'duplicate key value violates unique constraint "live_lift_slug_is_unique_102130"',
    );
    expect(translateDatabaseError(error)).toMatchObject({ reason: 'SLUG_TAKEN' });
    expect(violatedUniqueConstraint(error)).toBe('live_lift_slug_is_unique');
  });

  test('says that the database is not available when a node is lost', () => {
    const lost = failed('XX000', 'server closed the connection unexpectedly');
    expect(translateDatabaseError(lost)).toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  });

  test('is a defect when it is another internal error', () => {
    const other = failed('XX000', 'cache lookup failed for relation 1');
    expect(translateDatabaseError(other)).not.toBeInstanceOf(DomainError);
  });
});
