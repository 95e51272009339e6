/** ExportUserData: every row about an athlete, no row about another, with every digit. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, describe, expect, test } from 'vitest';
import { PERSONAL_TABLES } from '../../src/athletes/export-user-data.ts';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import type { UserDataRecord } from '../../src/gen/progression/v1/user_service_pb.ts';
import { readRows } from '../store/schema-dump.ts';
import { insertAutomationRows } from '../support/automation-rows.ts';
import { type CatalogClient, createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { createTeammate } from '../support/fixtures.ts';
import { deload, linear, stages } from '../support/rule-fixtures.ts';
import { dumpTables } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee, type Trainee, traineeWith } from '../support/trainee.ts';

const db = useTestDatabase();
let trainee: Trainee;
let client: CatalogClient;
beforeAll(async () => {
  trainee = await createTrainee(db.database, {
    lifts: { squat: '100' },
    rules: [linear(), deload({ failureThreshold: 3 }), stages()],
  });
  client = createCatalogClient(db.database, { accountId: trainee.athlete.accountId });
  const teammate = await createTeammate(db.database, trainee.athlete, { squat: '60' });
  await train(trainee);
  await train(traineeWith(trainee, { athlete: teammate }));
  for (const { userId } of [trainee.athlete, teammate]) {
    await insertAutomationRows(db.database, client.accountId, userId);
  }
});

/** Writes a row into every table. */
async function train({ athlete: { userId }, client: progressions, startSession, liftId }: Trainee) {
  const session = startSession();
  await session.log('squat 5/5 3/5');
  await session.finish('squat');
  await progressions.setLiftMax({
    userId,
    liftId: liftId('squat'),
    maxType: MaxType.TRAINING_MAX,
    value: '123456789012.123456',
    reason: 'tested',
  });
  const programProgressionId = `${trainee.athlete.programProgressionIds[1]}`;
  await client.programs.setEnrollmentOverride({ userId, programProgressionId, off: true });
  await client.users.setEquipment({ userId, equipment: { plates: [{ weight: '20', unit: 1, pairs: 2 }] } });
  await db.database.transaction(client.accountId, (tx) =>
    sql`insert into set_corrections (account_id, id, user_id, session_id, lift_id, set_number, before, reason, actor,
          recorded_at)
        select account_id, gen_random_uuid(), user_id, session_id, lift_id, set_number, '{}', '', '', now()
        from logged_sets where account_id = ${client.accountId} and user_id = ${userId}`.execute(tx.sql),
  );
}

async function exportAll(userId: string, pageSize: number): Promise<UserDataRecord[]> {
  const records: UserDataRecord[] = [];
  let pageToken = '';
  do {
    const page = await client.users.exportUserData({ userId, pageSize, pageToken });
    expect(page.records.length).toBeLessThanOrEqual(pageSize);
    records.push(...page.records);
    pageToken = page.nextPageToken;
  } while (pageToken);
  return records;
}

test('every table with rows about athletes is exported', async () => {
  const tables = await readRows<{ name: string }>(
    db.database,
    sql`select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'user_id'`,
  );
  expect([...new Set(PERSONAL_TABLES.map(({ name }) => name))].toSorted()).toEqual(
    ['users', ...tables.map(({ name }) => name)].toSorted(),
  );
});

describe('the pages of ExportUserData', () => {
  test.each([1, 3, 500])('have every row about the athlete once, %i at a time', async (pageSize) => {
    const { userId, accountId } = trainee.athlete;
    const records = await exportAll(userId, pageSize);

    const stored = await dumpTables(db.database);
    for (const { name } of PERSONAL_TABLES) {
      const rows = (stored[name] ?? []) as Record<string, unknown>[];
      const own = rows.filter((row) => row.account_id === accountId && (row.user_id ?? row.id) === userId);
      const exported = records.filter(({ kind }) => kind === name).map(({ json }) => JSON.parse(json));
      expect(own.length, name).toBeGreaterThan(0);
      expect(exported, name).toHaveLength(own.length);
      for (const row of exported) {
        expect(own).toContainEqual(expect.objectContaining(row));
      }
    }
    expect(records[0]?.kind).toBe('users');
  });

  test('keep every digit, and leave out columns that are not about the athlete', async () => {
    const records = await exportAll(trainee.athlete.userId, 500);
    const maxes = records.filter(({ kind }) => kind === 'lift_maxes').map(({ json }) => json);
    expect(maxes.some((json) => json.includes('123456789012.123456'))).toBe(true);
    for (const { json } of records) {
      expect(json).not.toMatch(/"(account_id|fingerprint|response|transaction_id)"/);
    }
  });

  test('accept tokens of their athlete only', async () => {
    const { userId } = trainee.athlete;
    const { nextPageToken } = await client.users.exportUserData({ userId, pageSize: 1 });
    const another = (await client.users.createUser({ name: 'B' })).user?.id;
    const call = client.users.exportUserData({ userId: another, pageToken: nextPageToken });
    await expectRefusal(call, 'PAGE_TOKEN_INVALID');
  });
});

test('an athlete who was deleted can still be exported', async () => {
  const userId = `${(await client.users.createUser({ name: 'Gone' })).user?.id}`;
  await client.users.deleteUser({ userId });
  expect(await exportAll(userId, 500)).toMatchObject([
    { kind: 'users', json: expect.stringContaining('"name": "Gone"') },
    { kind: 'outbox', json: expect.stringContaining('"contact_created"') },
  ]);
});

test('an athlete of another account cannot be exported', async () => {
  const { userId } = trainee.athlete;
  await expectRefusal(client.users.exportUserData({ userId: uuidv7() }), 'USER_NOT_FOUND');
  const stranger = createCatalogClient(db.database);
  await expectRefusal(stranger.users.exportUserData({ userId }), 'USER_NOT_FOUND');
});
