/** Versions and log rows without a key to their athlete and lift cannot be orphans: other keys imply it. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { linear } from '../support/rule-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee } from '../support/trainee.ts';
import { readRows } from './schema-dump.ts';

const db = useTestDatabase();

function createTrained(): Promise<Trainee> {
  const lifts = { squat: '100', bench: '60', press: '40' };
  return createTrainee(db.database, { lifts, rules: [linear()] });
}

const violates = (name: string) =>
  expect.objectContaining({ message: expect.stringContaining(`constraint "${name}"`) });

/** Runs one statement as the owner; resolves to the error. */
function attempt(statement: string): Promise<unknown> {
  return db.database.orm.em
    .getConnection()
    .execute(statement)
    .then(
      () => 'it was accepted',
      (error: unknown) => error,
    );
}

const insertMax = (accountId: string, userId: string, liftId: string, version: number) =>
  `insert into lift_maxes (account_id, id, user_id, lift_id, max_type, version, value, source, effective_at)
   values ('${accountId}', '${uuidv7()}', '${userId}', '${liftId}', 'TRAINING_MAX', ${version}, 100, 'MANUAL', now())`;

test('no version of a max exists for an unknown athlete or lift', async () => {
  const { athlete, liftId } = await createTrained();
  const { accountId, userId } = athlete;

  expect(await attempt(insertMax(accountId, uuidv7(), liftId('squat'), 1))).toEqual(
    violates('lift_max_belongs_to_user'),
  );
  expect(await attempt(insertMax(accountId, userId, uuidv7(), 1))).toEqual(violates('lift_max_is_of_a_lift'));
  for (const [user, lift] of [
    [uuidv7(), liftId('squat')],
    [userId, uuidv7()],
  ] as const) {
    expect(await attempt(insertMax(accountId, user, lift, 2))).toEqual(
      violates('lift_max_version_follows_the_one_before'),
    );
  }
});

test('no version of a max goes over to an unknown athlete or lift', async () => {
  const trainee = await createTrained();
  await trainee.train('squat 5/5');
  const { accountId, userId } = trainee.athlete;
  const change = (column: string, version: number) =>
    attempt(`update lift_maxes set ${column} = '${uuidv7()}'
      where account_id = '${accountId}' and user_id = '${userId}' and version = ${version}
        and lift_id = '${trainee.liftId('squat')}'`);

  for (const column of ['user_id', 'lift_id']) {
    expect(await change(column, 2), column).toEqual(violates('lift_max_version_follows_the_one_before'));
    expect(await change(column, 1), column).toEqual(
      expect.objectContaining({ message: expect.stringContaining('violates foreign key constraint') }),
    );
  }
});

test('no log row exists for an athlete or a lift without the version that it made', async () => {
  const trainee = await createTrained();
  await trainee.train('squat 5/5');
  const { accountId, userId } = trainee.athlete;

  for (const column of ['user_id', 'lift_id']) {
    const moved = await attempt(`update progression_logs set ${column} = '${uuidv7()}'
      where account_id = '${accountId}' and user_id = '${userId}'`);
    expect(moved, column).toEqual(violates('progression_log_made_a_lift_max'));
  }
});

test('no athlete and no lift with a max can be deleted', async () => {
  const { athlete, liftId } = await createTrained();
  const { accountId, userId } = athlete;
  await attempt(`delete from enrollments where account_id = '${accountId}' and user_id = '${userId}'`);

  expect(await attempt(`delete from users where account_id = '${accountId}' and id = '${userId}'`)).toEqual(
    violates('lift_max_belongs_to_user'),
  );
  await attempt(`delete from program_lifts where account_id = '${accountId}'`);
  expect(
    await attempt(`delete from lifts where account_id = '${accountId}' and id = '${liftId('squat')}'`),
  ).toEqual(violates('lift_max_is_of_a_lift'));
});

test('a session with three lifts makes twelve look-ups of foreign keys', async () => {
  const trainee = await createTrained();
  const session = trainee.startSession();
  const before = await countLookUps();

  expect(await session.finish('squat bench press')).toHaveLength(3);

  const after = await countLookUps();
  const made = Object.entries(after).map(([key, count]) => [key, count - (before[key] ?? 0)] as const);
  expect(Object.fromEntries(made.filter(([, count]) => count > 0))).toEqual({
    lift_max_version_follows_the_one_before: 3,
    progression_log_made_a_lift_max: 3,
    progression_log_is_of_a_progression: 3,
    request_is_of_user: 1,
    request_belongs_to_account: 1,
    outbox_belongs_to_account: 1,
  });
});

/** How many rows each foreign key of the tables that an event writes was asked for: those without a null in it. */
async function countLookUps(): Promise<Record<string, number>> {
  const keys = await readRows<{ name: string; table: string; columns: string[] }>(
    db.database,
    sql`select k.conname as name, k.conrelid::regclass::text as table,
          array(select a.attname::text from pg_attribute a where a.attrelid = k.conrelid and a.attnum = any(k.conkey)) as columns
        from pg_constraint k where k.contype = 'f'`,
  );
  const counts: Record<string, number> = {};
  for (const { name, table, columns } of keys) {
    const present = sql.join(
      columns.map((column) => sql`${sql.ref(column)} is not null`),
      sql` and `,
    );
    const [row] = await readRows<{ count: number }>(
      db.database,
      sql`select count(*)::int as count from ${sql.table(table)} where ${present}`,
    );
    counts[name] = row?.count ?? 0;
  }
  return counts;
}
