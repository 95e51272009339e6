/** GetUsage: rows and bytes of the account by kind, exact for few rows and estimated for many. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { UsageKind } from '../../src/gen/progression/v1/user_service_pb.ts';
import { createAutomationClient } from '../support/automation.ts';
import { insertAutomationRows } from '../support/automation-rows.ts';
import { present } from '../support/catalog-fixtures.ts';
import { useTestDatabase } from '../support/test-database.ts';

const db = useTestDatabase();

const LIMITS = { usageCountedRows: 100, usageSampledRows: 50 };
const KINDS = Object.values(UsageKind).filter((kind) => kind !== UsageKind.UNSPECIFIED);

function createAccount() {
  return createAutomationClient(db.database, { limits: LIMITS });
}

/** So many events of the account, each with this number of characters of data. */
async function insertEvents(accountId: string, count: number, characters: number): Promise<void> {
  await db.database.ensureAccount(accountId);
  await db.database.transaction(accountId, (tx) =>
    sql`insert into events (account_id, id, type, occurred_at, recorded_at, sequence, position, actor, data, root_event_id,
          evaluated_at)
        select ${accountId}::uuid, gen_random_uuid(), 'session_completed', now(), now(), n, 0, 'SYSTEM',
          jsonb_build_object('text', (
            select string_agg(md5(n::text || m::text), '') from generate_series(1, ${characters / 32}::int) m)),
          gen_random_uuid(), now()
        from generate_series(1, ${count}::int) n`.execute(tx.sql),
  );
}

const eventsOf = async ({ users }: ReturnType<typeof createAccount>) =>
  present((await users.getUsage({})).usage.find(({ kind }) => kind === UsageKind.EVENTS));

test('an account without rows uses nothing, of every kind', async () => {
  const { usage } = await createAccount().users.getUsage({});

  expect(usage.map(({ kind }) => kind)).toEqual(KINDS);
  for (const { rows, bytes, isEstimate } of usage) {
    expect([rows, bytes, isEstimate]).toEqual([0n, 0n, false]);
  }
});

test('counts the rows of the account alone', async () => {
  const client = createAccount();
  const other = createAccount();
  for (const each of [client, other]) {
    const userId = present((await each.users.createUser({ name: 'Ana' })).user).id;
    await insertAutomationRows(db.database, each.accountId, userId);
  }
  await insertEvents(other.accountId, 5, 32);

  const { usage } = await client.users.getUsage({});
  const used = usage.filter(({ rows }) => rows > 0n);
  expect(used.map(({ kind, rows }) => [kind, rows])).toEqual([
    ...[UsageKind.EVENTS, UsageKind.REMOVED_EVENTS, UsageKind.EXECUTIONS, UsageKind.RUNS].map((kind) => [
      kind,
      1n,
    ]),
    ...[UsageKind.RUN_STEPS, UsageKind.REQUESTS].map((kind) => [kind, 1n]),
  ]);
  expect(used.every(({ bytes }) => bytes > 20n && bytes < 2_000n)).toBe(true);
});

test('bytes are the size of the rows', async () => {
  const client = createAccount();
  await insertEvents(client.accountId, 60, 960);

  const { rows, bytes, isEstimate } = await eventsOf(client);
  expect([rows, isEstimate]).toEqual([60n, false]);
  expect(bytes).toBeGreaterThan(60n * 960n);
  expect(bytes).toBeLessThan(60n * 1_400n);
});

test('beyond the rows that are counted, the number is an estimate', async () => {
  const client = createAccount();
  await insertEvents(client.accountId, 20_000, 32);
  await sql`analyze events`.execute(db.database.orm.em.fork().getKysely());

  const { rows, isEstimate } = await eventsOf(client);
  expect(isEstimate).toBe(true);
  expect(rows).toBeGreaterThan(15_000n);
  expect(rows).toBeLessThan(25_000n);
});
