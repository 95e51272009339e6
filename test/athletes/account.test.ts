/** GetAccount and UpdateAccount: the name, time zone and unit of an account, and what they decide. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { createEvaluator } from '../../src/automation/evaluation/evaluator.ts';
import { createScheduler } from '../../src/automation/time/scheduler.ts';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { WeightUnit } from '../../src/gen/progression/v1/program_service_pb.ts';
import { type Instant, instantFromText } from '../../src/values/instant.ts';
import { evaluatorDeps } from '../automation/evaluation/automated-account.ts';
import { readRows } from '../store/schema-dump.ts';
import { createActiveWorkflow, createAutomationClient } from '../support/automation.ts';
import { TEST_NOW } from '../support/catalog-client.ts';
import { present } from '../support/catalog-fixtures.ts';
import { expectRefusedUnchanged } from '../support/expect-unchanged.ts';
import { useTestDatabase } from '../support/test-database.ts';

const db = useTestDatabase();

test('an account is in UTC and has no name and no unit until they are set', async () => {
  const { accountId, users } = createAutomationClient(db.database);
  await users.createUser({ name: 'Ana' });

  expect((await users.getAccount({})).account).toMatchObject({
    ...{ id: accountId, name: '', timeZone: 'UTC', unit: WeightUnit.UNSPECIFIED },
  });
});

test('what is absent stays, and each change is in the audit trail', async () => {
  const { accountId, users, audit } = createAutomationClient(db.database);
  await users.updateAccount({ name: 'Iron', timeZone: 'Europe/Berlin', unit: WeightUnit.KILOGRAM });
  const { account } = await users.updateAccount({ unit: WeightUnit.POUND });

  const expected = { id: accountId, name: 'Iron', timeZone: 'Europe/Berlin', unit: WeightUnit.POUND };
  expect(account).toMatchObject(expected);
  expect((await users.getAccount({})).account).toMatchObject(expected);
  const { entries } = await audit.listAuditEntries({ action: 'UpdateAccount' });
  expect(entries).toMatchObject([
    {
      ...{ targetType: 'account', targetId: accountId },
      before: { name: 'Iron', timeZone: 'Europe/Berlin', unit: 'KILOGRAM' },
      after: { unit: 'POUND' },
    },
    { before: { name: '', timeZone: 'UTC', unit: '' } },
  ]);
  const other = createAutomationClient(db.database);
  expect((await other.users.getAccount({})).account).toMatchObject({ name: '', timeZone: 'UTC' });
});

test.each(['Berlin', '+02:00', ''])('the time zone %j is refused, and nothing changes', async (timeZone) => {
  const { users } = createAutomationClient(db.database);
  await users.updateAccount({ name: 'Iron' });

  await expectRefusedUnchanged(
    db.database,
    () => users.updateAccount({ name: 'Steel', timeZone }),
    'VALIDATION_FAILED',
  );
});

test('a max gets the unit of the account when nothing else says one', async () => {
  const { users, programs, progression } = createAutomationClient(db.database);
  const userId = present((await users.createUser({ name: 'Ana' })).user).id;
  const liftId = present((await programs.createLift({ slug: 'squat', name: 'Squat' })).lift).id;
  const max = { userId, liftId, maxType: MaxType.TRAINING_MAX };
  expect((await progression.setLiftMax({ ...max, value: '100' })).liftMax?.unit).toBe(WeightUnit.UNSPECIFIED);
  await users.updateAccount({ unit: WeightUnit.POUND });

  expect((await progression.setLiftMax({ ...max, value: '105' })).liftMax?.unit).toBe(WeightUnit.POUND);
  await users.updateAccount({ unit: WeightUnit.KILOGRAM });
  expect((await progression.setLiftMax({ ...max, value: '110' })).liftMax?.unit).toBe(WeightUnit.POUND);
});

test('birthdays of athletes without a time zone move with that of the account', async () => {
  let now: Instant = instantFromText(TEST_NOW);
  const clock = () => now;
  const client = createAutomationClient(db.database, { clock });
  const deps = evaluatorDeps(db.database, { clock });
  const errors: unknown[] = [];
  const scheduler = createScheduler({ ...deps, reportError: (error) => errors.push(error) });
  const workAt = async (at: string) => {
    now = instantFromText(at);
    for (let turn = 0; turn < 2; turn += 1) {
      await createEvaluator(deps).evaluatePartitions(client.accountId, [...Array(32).keys()]);
      while (await scheduler.runOnce()) {
        // The next page.
      }
    }
  };
  const [day] = TEST_NOW.split('T');
  const { id: workflowId } = await createActiveWorkflow(client, {
    trigger: {
      triggerEvent: 'birthday',
      settings: { time: { schedule: { case: 'birthday', value: { at: '18:00' } } } },
    },
  });
  const born = { birthDate: `1990${day?.slice(4)}` };
  const wanderer = present((await client.users.createUser({ name: 'Without', ...born })).user).id;
  await client.users.createUser({ name: 'With', timeZone: 'UTC', ...born });
  await workAt(TEST_NOW);
  await client.users.updateAccount({ timeZone: 'America/New_York' });
  await workAt(TEST_NOW);

  const enrolled = async () =>
    (await client.workflows.listWorkflowEnrollments({ workflowId })).enrollments.map(({ userId }) => userId);
  await workAt(`${day}T18:00:00Z`);
  expect(await enrolled()).toHaveLength(1);
  expect(await enrolled()).not.toContain(wanderer);
  await workAt(`${day}T23:00:00Z`);
  expect(await enrolled()).toContain(wanderer);
  expect(errors).toEqual([]);
  const told = await readRows(
    db.database,
    sql`select data, previous from events where account_id = ${client.accountId} and type = 'account_updated'`,
  );
  expect(told).toEqual([{ data: { time_zone: 'America/New_York' }, previous: { time_zone: 'UTC' } }]);
});

test('a move eastwards past the hour of a birthday fires it late', async () => {
  let now: Instant = instantFromText(TEST_NOW);
  const clock = () => now;
  const client = createAutomationClient(db.database, { clock });
  const deps = evaluatorDeps(db.database, { clock });
  const work = async () => {
    await createEvaluator(deps).evaluatePartitions(client.accountId, [...Array(32).keys()]);
    await createScheduler(deps).runOnce();
    await createScheduler(deps).runOnce();
    await createEvaluator(deps).evaluatePartitions(client.accountId, [...Array(32).keys()]);
  };
  const [day] = TEST_NOW.split('T');
  const { id: workflowId } = await createActiveWorkflow(client, {
    trigger: {
      triggerEvent: 'birthday',
      settings: { time: { schedule: { case: 'birthday', value: { at: '20:00' } } } },
    },
  });
  await client.users.createUser({ name: 'Ana', birthDate: `1990${day?.slice(4)}` });
  await work();
  now = instantFromText(`${day}T14:00:00Z`);
  await client.users.updateAccount({ timeZone: 'Asia/Tokyo' });
  await work();

  const { enrollments } = await client.workflows.listWorkflowEnrollments({ workflowId });
  expect(enrollments).toHaveLength(1);
});
