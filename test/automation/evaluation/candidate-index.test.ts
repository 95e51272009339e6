/** What a process knows of accounts’ triggers, and how it follows their changes. */
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bumpRevision } from '../../../src/automation/configuration/etag.ts';
import type { AcceptedEvent } from '../../../src/automation/decision/accepted-event.ts';
import { isReadable } from '../../../src/automation/decision/compile-trigger.ts';
import { createCandidateIndex } from '../../../src/automation/evaluation/candidate-index.ts';
import { readConfig } from '../../../src/config/config.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { type AutomatedAccount, allOf, createAutomatedAccount, NOON } from './automated-account.ts';

const { limits } = readConfig({});

let db: TestDatabase;
let account: AutomatedAccount;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
});

function event(values: Partial<AcceptedEvent> = {}): AcceptedEvent {
  return {
    id: 'e',
    type: 'session_completed',
    userId: 'u',
    occurredAt: NOON,
    recordedAt: NOON,
    sequence: 1n,
    position: 0,
    actor: 'SYSTEM',
    data: {},
    previous: null,
    rootEventId: 'e',
    causationId: null,
    depth: 0,
    chain: [],
    triggerId: null,
    occurrenceKey: null,
    ...values,
  };
}

/** The ids of the triggers that the index brings an event to. */
async function idsIn(index = createCandidateIndex(limits), values: Partial<AcceptedEvent> = {}) {
  const triggers = await account.inTransaction((tx) => index.load(tx));
  return triggers.candidates(event(values)).map(({ id }) => id);
}

describe('an index', () => {
  test('knows what takes part, and nothing else', async () => {
    const active = await account.addWorkflow();
    await account.addWorkflow({ status: 'DRAFT' });
    await account.addWorkflow({ status: 'PAUSED' });
    await account.addWorkflow({ isActive: false });
    await account.addWorkflow({ event: 'session_missed' });
    const deleted = await account.addWorkflow();
    await account.changeTrigger(deleted, { deleted_at: NOON });

    expect(await idsIn()).toEqual([active.triggerId]);
  });

  test('takes up every change, each the next time that it is asked', async () => {
    const index = createCandidateIndex(limits);
    const one = await account.addWorkflow();
    expect(await idsIn(index)).toEqual([one.triggerId]);

    const two = await account.addWorkflow();
    expect(new Set(await idsIn(index))).toEqual(new Set([one.triggerId, two.triggerId]));
    await account.changeWorkflow(one, { status: 'PAUSED' });
    expect(await idsIn(index)).toEqual([two.triggerId]);
    await account.changeTrigger(two, {
      filters: allOf({ field: 'week_number', operator: 'equals', value: 3 }),
    });
    const triggers = await account.inTransaction((tx) => index.load(tx));
    expect(triggers.find(two.triggerId)?.version).toBe(2);
    await account.changeTrigger(two, { trigger_event: 'session_missed' });
    expect(await idsIn(index)).toEqual([]);
    expect(await idsIn(index, { type: 'session_missed' })).toEqual([two.triggerId]);
  });

  test('of another process follows as well', async () => {
    const indexes = [createCandidateIndex(limits), createCandidateIndex(limits)];
    const ids = await account.addWorkflow();
    expect(await Promise.all(indexes.map((index) => idsIn(index)))).toEqual([
      [ids.triggerId],
      [ids.triggerId],
    ]);

    await account.changeTrigger(ids, { is_active: false });

    expect(await Promise.all(indexes.map((index) => idsIn(index)))).toEqual([[], []]);
  });

  test('reads no trigger again while nothing changes', async () => {
    const index = createCandidateIndex(limits);
    const ids = await account.addWorkflow();
    await idsIn(index);
    await account.rows(sql`update workflow_triggers set trigger_event = 'session_missed'`);

    expect(await idsIn(index)).toEqual([ids.triggerId]);
  });

  test('asked by many at once is brought up to date for each of them', async () => {
    const index = createCandidateIndex(limits);
    const first = await account.addWorkflow();
    await idsIn(index);
    const second = await account.addWorkflow();

    const found = await Promise.all(Array.from({ length: 5 }, () => idsIn(index)));

    for (const ids of found) {
      expect(new Set(ids)).toEqual(new Set([first.triggerId, second.triggerId]));
    }
  });

  test('compiles anew what a new field of the account’s makes readable', async () => {
    const index = createCandidateIndex(limits);
    const ids = await account.addWorkflow({
      filters: allOf({ field: 'custom.level', operator: 'equals', value: 3 }),
    });
    const isRead = async () => {
      const found = await account.inTransaction((tx) => index.load(tx));
      const trigger = found.find(ids.triggerId);
      return trigger && isReadable(trigger.rule);
    };
    expect(await isRead()).toBe(false);

    await account.inTransaction(async (tx) => {
      await bumpRevision(tx);
      await sql`insert into field_definitions (account_id, path, type)
        values (${account.accountId}, 'custom.level', 'int')`.execute(tx.sql);
    });

    expect(await isRead()).toBe(true);
  });

  test('keeps only so many accounts, and knows the others again when they are back', async () => {
    const index = createCandidateIndex({ ...limits, keptAutomations: 1 });
    const ids = await account.addWorkflow();
    await idsIn(index);
    const other = await createAutomatedAccount(db.database);
    await other.addWorkflow();
    await other.inTransaction((tx) => index.load(tx));
    await account.rows(sql`update workflow_triggers set trigger_event = 'session_missed'`);

    // What it had kept would still say session_completed.
    expect(await idsIn(index)).toEqual([]);
    expect(await idsIn(index, { type: 'session_missed' })).toEqual([ids.triggerId]);
  });

  test('brings an occurrence to its trigger alone, and an event of no athlete to none', async () => {
    const one = await account.addWorkflow({ event: 'birthday' });
    await account.addWorkflow({ event: 'birthday' });

    expect(await idsIn(undefined, { type: 'birthday', triggerId: one.triggerId })).toEqual([one.triggerId]);
    expect(await idsIn(undefined, { type: 'anniversary', triggerId: one.triggerId })).toEqual([]);
    expect(await idsIn(undefined, { type: 'birthday', userId: null })).toEqual([]);
  });

  test('pages through more triggers than it reads at once', async () => {
    await account.inTransaction(async (tx) => {
      const revision = String(await bumpRevision(tx));
      await sql`insert into workflows (account_id, id, name, status, version, created_by)
        select ${account.accountId}::uuid, md5('w' || n)::uuid, 'W', 'ACTIVE', 1, 'test' from generate_series(1, 2500) n`.execute(
        tx.sql,
      );
      await sql`insert into workflow_triggers
        (account_id, id, workflow_id, trigger_type, trigger_event, version, revision, created_by)
        select ${account.accountId}::uuid, md5('t' || n)::uuid, md5('w' || n)::uuid, 'training', 'session_completed', 1,
          ${revision}::bigint, 'test' from generate_series(1, 2500) n`.execute(tx.sql);
    });

    expect(await idsIn()).toHaveLength(2500);
  });
});
