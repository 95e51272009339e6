/** Steps that change the athlete's tags and attributes, or emit an event. */
import { create } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../../src/store/database.ts';
import { readRows } from '../../store/schema-dump.ts';
import { createAthlete } from '../../support/fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { type ActionInit, createTestRunner, insertRun, readFacts, readRun, type TestRun } from './runs.ts';
import { createTestClock } from './test-clock.ts';

const db = useTestDatabase();
let database: Database;
beforeAll(() => {
  database = db.database;
});

const { now } = createTestClock();

async function newAthlete() {
  return createAthlete(database, { lifts: {}, enrolled: false });
}

/** Runs the actions for the athlete, to the end. */
async function run(
  athlete: { accountId: string; userId: string },
  ...actions: ActionInit[]
): Promise<TestRun> {
  const made = await insertRun(database, { ...athlete, actions, now });
  await createTestRunner(database, { now }).runAll();
  return made;
}

async function athleteRow(userId: string) {
  const [row] = await readRows<{ tags: string[]; attributes: Record<string, unknown> }>(
    database,
    sql`select tags, attributes from users where id = ${userId}`,
  );
  return row ?? expect.unreachable();
}

const addTag = (tag: string): ActionInit => ({ case: 'addTag', value: { tag } });
const removeTag = (tag: string): ActionInit => ({ case: 'removeTag', value: { tag } });
const setLevel = (value: string | number | null): ActionInit => ({
  case: 'setAttribute',
  value: {
    field: 'custom.level',
    value: create(ValueSchema, {
      kind:
        value === null
          ? { case: 'nullValue', value: 0 }
          : typeof value === 'number'
            ? { case: 'numberValue', value }
            : { case: 'stringValue', value },
    }),
  },
});

describe('add_tag', () => {
  test('adds the tag to the athlete, and emits an event with its cause', async () => {
    const athlete = await newAthlete();

    const made = await run(athlete, addTag('vip'));

    expect(await athleteRow(athlete.userId)).toMatchObject({ tags: ['vip'] });
    expect(await readFacts(database, athlete.userId)).toEqual([
      { type: 'tag_added', data: { tag: 'vip' }, previous: null, actor: 'AUTOMATION', cause: made.cause },
    ]);
    expect(await readRun(database, made)).toMatchObject({
      state: 'COMPLETED',
      dueAt: null,
      endedReason: null,
      steps: [{ action: 'add_tag', outcome: 'DONE', attempts: 1, reason: null }],
    });
  });

  test('changes and emits nothing when the athlete has the tag', async () => {
    const athlete = await newAthlete();
    await run(athlete, addTag('vip'));

    const made = await run(athlete, addTag('vip'));

    expect(await athleteRow(athlete.userId)).toMatchObject({ tags: ['vip'] });
    expect(await readFacts(database, athlete.userId)).toHaveLength(1);
    expect(await readRun(database, made)).toMatchObject({
      state: 'COMPLETED',
      steps: [{ outcome: 'NO_CHANGE' }],
    });
  });

  test('fails when the athlete has the maximum number of tags', async () => {
    const athlete = await newAthlete();
    const made = await insertRun(database, { ...athlete, actions: [addTag('one'), addTag('two')], now });

    await createTestRunner(database, { now, limits: { tags: 1 } }).runAll();

    expect(await athleteRow(athlete.userId)).toMatchObject({ tags: ['one'] });
    expect(await readRun(database, made)).toMatchObject({
      state: 'FAILED',
      endedReason: 'VALIDATION_FAILED',
      steps: [{ outcome: 'DONE' }, { outcome: 'FAILED', reason: 'VALIDATION_FAILED', attempts: 1 }],
    });
  });
});

describe('remove_tag', () => {
  test('removes the tag from the athlete, once', async () => {
    const athlete = await newAthlete();

    const made = await run(athlete, addTag('vip'), removeTag('vip'), removeTag('vip'));

    expect(await athleteRow(athlete.userId)).toMatchObject({ tags: [] });
    expect((await readFacts(database, athlete.userId)).map(({ type, data }) => ({ type, data }))).toEqual([
      { type: 'tag_added', data: { tag: 'vip' } },
      { type: 'tag_removed', data: { tag: 'vip' } },
    ]);
    expect((await readRun(database, made)).steps.map(({ outcome }) => outcome)).toEqual([
      'DONE',
      'DONE',
      'NO_CHANGE',
    ]);
  });
});

describe('set_attribute', () => {
  test('sets, changes and removes the attribute, and the event has the value before', async () => {
    const athlete = await newAthlete();

    const made = await run(athlete, setLevel(2), setLevel(3), setLevel(3), setLevel(null), setLevel(null));

    expect(await athleteRow(athlete.userId)).toMatchObject({ attributes: {} });
    expect(await readFacts(database, athlete.userId)).toMatchObject([
      { type: 'custom_field_changed', data: { field_name: 'level', value: '2' }, previous: { value: null } },
      { type: 'custom_field_changed', data: { field_name: 'level', value: '3' }, previous: { value: '2' } },
      { type: 'custom_field_changed', data: { field_name: 'level', value: null }, previous: { value: '3' } },
    ]);
    expect((await readRun(database, made)).steps.map(({ outcome }) => outcome)).toEqual([
      'DONE',
      'DONE',
      'NO_CHANGE',
      'DONE',
      'NO_CHANGE',
    ]);
  });

  test('fails for a value that the account does not allow any more', async () => {
    const athlete = await newAthlete();
    await database.transaction(athlete.accountId, (tx) =>
      sql`insert into field_definitions (account_id, path, type) values (${tx.accountId}, 'custom.level', 'int')`.execute(
        tx.sql,
      ),
    );

    const made = await run(athlete, setLevel('high'), addTag('vip'));

    expect(await athleteRow(athlete.userId)).toEqual({ tags: [], attributes: {} });
    expect(await readRun(database, made)).toMatchObject({
      state: 'FAILED',
      endedReason: 'VALIDATION_FAILED',
      nextStep: 0,
      steps: [{ action: 'set_attribute', outcome: 'FAILED', reason: 'VALIDATION_FAILED' }],
    });
  });
});

describe('emit_event', () => {
  async function defineType(accountId: string, fields: readonly { name: string; type: string }[]) {
    const described = JSON.stringify(fields.map((field) => ({ ...field, description: '' })));
    await database.transaction(accountId, (tx) =>
      sql`insert into custom_event_types (account_id, slug, fields)
          values (${accountId}, 'checked_in', ${described}::jsonb)`.execute(tx.sql),
    );
  }
  const checkIn = (data: Record<string, string | number>): ActionInit => ({
    case: 'emitEvent',
    value: { type: 'custom.checked_in', data },
  });

  test('emits an event of the account, each time', async () => {
    const athlete = await newAthlete();
    await defineType(athlete.accountId, [{ name: 'place', type: 'string' }]);

    const made = await run(athlete, checkIn({ place: 'gym' }), checkIn({ place: 'gym' }));

    const fact = {
      type: 'custom.checked_in',
      data: { place: 'gym' },
      actor: 'AUTOMATION',
      cause: made.cause,
    };
    expect(await readFacts(database, athlete.userId)).toMatchObject([fact, fact]);
    expect(await readRun(database, made)).toMatchObject({ state: 'COMPLETED' });
  });

  test.each([
    ['a field that the event does not have', [{ name: 'place', type: 'string' }], { room: 'gym' }],
    ['a value of another type', [{ name: 'place', type: 'int' }], { place: 'gym' }],
  ])('fails for %s', async (_what, fields, data) => {
    const athlete = await newAthlete();
    await defineType(athlete.accountId, fields);

    const made = await run(athlete, checkIn(data as never));

    expect(await readFacts(database, athlete.userId)).toEqual([]);
    expect(await readRun(database, made)).toMatchObject({
      state: 'FAILED',
      endedReason: 'VALIDATION_FAILED',
    });
  });

  test('fails for an event that the account does not have, and for events of other accounts', async () => {
    const [athlete, stranger] = await Promise.all([newAthlete(), newAthlete()]);
    await defineType(stranger.accountId, []);

    const unknown = await run(athlete, checkIn({}));
    const builtIn = await run(athlete, {
      case: 'emitEvent',
      value: { type: 'tag_added', data: { tag: 'vip' } },
    });

    expect(await readFacts(database, athlete.userId)).toEqual([]);
    for (const made of [unknown, builtIn]) {
      expect(await readRun(database, made)).toMatchObject({
        state: 'FAILED',
        endedReason: 'VALIDATION_FAILED',
      });
    }
  });
});

test('the audit trail has the workflow', async () => {
  const athlete = await newAthlete();
  const liftId = uuidv7();
  await database.transaction(athlete.accountId, (tx) =>
    sql`insert into lifts (account_id, id, slug, name) values (${tx.accountId}, ${liftId}, 'squat', 'Squat')`.execute(
      tx.sql,
    ),
  );

  const made = await run(athlete, {
    case: 'setLiftMax',
    value: { liftId, maxType: 1, value: '100' },
  });

  const trail = await readRows(
    database,
    sql`select action, actor, reason, user_id from audit_log where account_id = ${athlete.accountId}`,
  );
  expect(trail).toEqual([
    {
      action: 'SetLiftMax',
      actor: `workflow:${made.workflowId}`,
      reason: `step 0 of workflow ${made.workflowId}`,
      user_id: athlete.userId,
    },
  ]);
});
