/** EraseUser: no personal data of the athlete are found afterwards; the training data stay. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { FieldType } from '../../src/gen/automation/v1/trigger_service_pb.ts';
import { lockPartitionOf } from '../../src/store/lock-partition.ts';
import { readRows } from '../store/schema-dump.ts';
import { condition, createAutomationClient, createWorkflow } from '../support/automation.ts';
import { insertAutomationRows } from '../support/automation-rows.ts';
import { createCatalogClient, expectRefusal } from '../support/catalog-client.ts';
import { expectWaiting } from '../support/held-athlete.ts';
import { under } from '../support/progression-client.ts';
import { linear } from '../support/rule-fixtures.ts';
import { TEST_ACTOR } from '../support/service-transport.ts';
import { dumpTables, rowsAdded, rowsOf } from '../support/table-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { createTrainee } from '../support/trainee.ts';

const CANARY = 'Canary Featherstone';

const db = useTestDatabase();

/** Whether any row of any table has the text, also within bytes. */
async function isFoundAnywhere(text: string): Promise<boolean> {
  const hex = Buffer.from(text).toString('hex');
  const dump = JSON.stringify(await dumpTables(db.database));
  return dump.includes(text) || dump.includes(hex);
}

test('EraseUser removes name, birth date and time zone, also from stored answers', async () => {
  const { users } = createCatalogClient(db.database);
  const birthDate = '1991-07-23';
  const timeZone = 'Antarctica/Troll';
  const { user } = await users.createUser({ name: CANARY, birthDate, timeZone });
  const userId = `${user?.id}`;
  await users.updateUser({ userId, name: `${CANARY} the Second` });
  expect(await isFoundAnywhere(CANARY)).toBe(true);
  expect(await isFoundAnywhere(timeZone)).toBe(true);

  await users.eraseUser({ userId });

  for (const text of [CANARY, birthDate, timeZone]) {
    expect(await isFoundAnywhere(text), text).toBe(false);
  }
});

test('EraseUser removes published events of the athlete, which cannot be guessed from their fingerprint', async () => {
  const { accountId, users, events } = createAutomationClient(db.database);
  const { user } = await users.createUser({ name: 'A' });
  const userId = `${user?.id}`;
  const event = { id: uuidv7(), type: 'contact_updated', userId, data: { name: CANARY } };
  const fingerprint = async () => {
    const rows = await rowsOf(db.database, accountId, 'requests');
    return rows.find((row) => row.request_id === event.id)?.fingerprint;
  };
  await events.publishEvents({ events: [event] });
  expect(await fingerprint()).toMatch(/^\\x[0-9a-f]{64}$/);

  await users.eraseUser({ userId });

  expect(await isFoundAnywhere(CANARY)).toBe(false);
  expect(await fingerprint()).toBe('\\x');
  const { results } = await events.publishEvents({ events: [event] });
  expect(results).toMatchObject([{ error: { reason: 'EVENT_ID_REUSED' } }]);
});

test('EraseUser removes tags, attributes and the events about them', async () => {
  const { users } = createCatalogClient(db.database);
  const [tag, attribute, later] = ['tag-canary', 'attribute-canary', 'later-canary'];
  const { user } = await users.createUser({ name: 'A', tags: [tag], attributes: { note: attribute } });
  const userId = `${user?.id}`;
  await users.updateUser({ userId, attributes: { note: later }, optedOut: true });

  await users.eraseUser({ userId });

  for (const text of [tag, attribute, later]) {
    expect(await isFoundAnywhere(text), text).toBe(false);
  }
  const [stored] = await readRows(
    db.database,
    sql`select tags, attributes, opted_out_at, array(
          select distinct fact - 'id' from outbox, jsonb_array_elements(facts) fact where user_id = ${userId}
          order by 1) as facts
        from users where id = ${userId}`,
  );
  const told = ['contact_created', 'contact_updated', 'custom_field_changed', 'tag_added'];
  expect(stored).toMatchObject({ tags: [], attributes: {}, opted_out_at: null });
  expect((stored as { facts: unknown[] }).facts).toEqual(
    expect.arrayContaining(told.map((type) => ({ type, data: {} }))),
  );
});

test('the rows of automation that stay say that something happened, and nothing of the athlete', async () => {
  const { accountId, users } = createCatalogClient(db.database);
  const [userId, otherId] = [uuidv7(), uuidv7()];
  await users.createUser({ userId, name: 'A' });
  await users.createUser({ userId: otherId, name: 'B' });
  const text = 'event-canary';
  const rows = await insertAutomationRows(db.database, accountId, userId, text);
  await insertAutomationRows(db.database, accountId, otherId, 'another athlete');

  await users.eraseUser({ userId });

  expect(await isFoundAnywhere(text)).toBe(false);
  const kept = await readRows<Record<string, unknown>>(
    db.database,
    sql`select e.data, e.previous, e.outcomes, l.event_data, l.details, l.enrolled, w.event, w.state, w.ended_reason,
          w.ended_at is not null as has_ended, d.event as failed, d.state as failure
        from events e join trigger_execution_logs l on l.event_id = e.id
        join workflow_enrollments w on w.id = l.enrollment_id join dead_letters d on d.event_id = e.id
        where e.user_id = ${userId}`,
  );
  expect(kept).toEqual([
    {
      ...{ data: {}, previous: null },
      outcomes: [
        { subject: {}, timeZone: 'UTC' },
        { outcome: { triggerId: rows.triggerId, reason: 'ENROLLED' } },
      ],
      ...{ event_data: {}, details: {}, enrolled: true, event: {}, failed: {}, failure: 'DISCARDED' },
      ...{ state: 'CANCELLED', ended_reason: 'SUBJECT_DELETED', has_ended: true },
    },
  ]);
  expect(
    await readRows(db.database, sql`select user_id from time_cursors where user_id = ${userId}`),
  ).toEqual([]);
  expect(await isFoundAnywhere('another athlete')).toBe(true);
});

test('EraseUser removes trigger tests on the athlete, with their answers', async () => {
  const client = createAutomationClient(db.database);
  const userId = `${(await client.users.createUser({ name: 'A' })).user?.id}`;
  await client.triggers.defineField({ field: { path: 'custom.note', type: FieldType.STRING } });
  const text = 'attribute-of-a-trial';
  await client.users.updateUser({ userId, attributes: { note: text } });
  const filter = { conditions: [condition('custom.note', 'equals', 'x')] };
  const { trigger } = await createWorkflow(client, { trigger: { triggerEvent: 'session_missed', filter } });
  const trial = { triggerId: trigger?.id, userId, event: { case: 'simulated', value: {} } } as const;
  await client.triggers.testTrigger(trial);
  expect(await isFoundAnywhere(text)).toBe(true);

  await client.users.eraseUser({ userId });

  expect(await isFoundAnywhere(text)).toBe(false);
});

test('EraseUser waits for an evaluation of the athlete’s events', async () => {
  const { accountId, users } = createCatalogClient(db.database);
  const userId = `${(await users.createUser({ name: CANARY })).user?.id}`;
  const [locked, decided] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const deciding = db.database.transaction(accountId, async (tx) => {
    await lockPartitionOf(tx, userId);
    locked.resolve();
    await decided.promise;
    await sql`
      insert into events (account_id, id, type, user_id, occurred_at, recorded_at, sequence, position, actor, data,
        root_event_id, evaluated_at)
      select account_id, id, 'contact_created', user_id, occurred_at, recorded_at, sequence, 0, actor,
        facts #> '{0,data}', id, now()
      from outbox where user_id = ${userId}`.execute(tx.sql);
  });
  await locked.promise;
  const erasing = users.eraseUser({ userId });
  await expectWaiting(db.database, 1);
  decided.resolve();
  await Promise.all([deciding, erasing]);

  expect(await isFoundAnywhere(CANARY)).toBe(false);
});

test('the training data stay, under the athlete’s id', async () => {
  const trainee = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });
  const { accountId, userId } = trainee.athlete;
  const { users } = createCatalogClient(db.database, { accountId });
  const before = await dumpTables(db.database);

  await users.eraseUser({ userId, reason: 'on demand' });

  const after = await dumpTables(db.database);
  expect(rowsAdded(before, after)).toEqual({ audit_log: 1, requests: 1 });
  expect(after.lift_maxes).toEqual(before.lift_maxes);
  const [stored] = await readRows<Record<string, unknown>>(
    db.database,
    sql`select name, birth_date, time_zone, deleted_at is not null as is_deleted, status
        from users u join enrollments e using (account_id) where u.id = ${userId} and e.user_id = u.id`,
  );
  expect(stored).toEqual({ name: '', birth_date: null, time_zone: null, is_deleted: true, status: 'QUIT' });
});

test('the audit trail has the actor and the reason, and nothing of the athlete', async () => {
  const client = createCatalogClient(db.database);
  const userId = `${(await client.users.createUser({ name: CANARY })).user?.id}`;
  await client.users.eraseUser({ userId, reason: 'on demand' });
  expect(await rowsOf(db.database, client.accountId, 'audit_log')).toMatchObject([
    {
      action: 'EraseUser',
      actor: TEST_ACTOR,
      target_type: 'user',
      target_id: userId,
      user_id: userId,
      reason: 'on demand',
      before: null,
      after: null,
    },
  ]);
});

describe('after EraseUser', () => {
  test('the athlete is not found', async () => {
    const { users } = createCatalogClient(db.database);
    const userId = `${(await users.createUser({ name: 'A' })).user?.id}`;
    await users.eraseUser({ userId });
    await expectRefusal(users.getUser({ userId }), 'USER_NOT_FOUND');
    expect((await users.listUsers({})).users).toEqual([]);
  });

  test('the call that created the athlete cannot be replayed', async () => {
    const { users } = createCatalogClient(db.database);
    const requestId = uuidv7();
    const { user } = await users.createUser({ name: CANARY }, under(requestId));
    await users.eraseUser({ userId: `${user?.id}` });
    await expectRefusal(users.createUser({ name: CANARY }, under(requestId)), 'REQUEST_ID_REUSED');
  });

  test('other athletes, and the answers about them, are as they were', async () => {
    const { users } = createCatalogClient(db.database);
    const requestId = uuidv7();
    const other = await users.createUser({ name: 'B' }, under(requestId));
    const userId = `${(await users.createUser({ name: 'A' })).user?.id}`;
    await users.eraseUser({ userId });
    expect(await users.createUser({ name: 'B' }, under(requestId))).toEqual(other);
    expect((await users.getUser({ userId: `${other.user?.id}` })).user).toEqual(other.user);
  });
});

test('an athlete who was deleted, or erased before, can be erased', async () => {
  const { users } = createCatalogClient(db.database);
  const userId = `${(await users.createUser({ name: CANARY })).user?.id}`;
  await users.deleteUser({ userId });
  await users.eraseUser({ userId });
  await users.eraseUser({ userId });
  expect(await isFoundAnywhere(CANARY)).toBe(false);
});

test('an athlete of another account cannot be erased', async () => {
  const userId = `${(await createCatalogClient(db.database).users.createUser({ name: 'C' })).user?.id}`;
  await expectRefusal(createCatalogClient(db.database).users.eraseUser({ userId }), 'USER_NOT_FOUND');
});
