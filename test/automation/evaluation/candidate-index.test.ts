/** The candidate index of a process, and how it follows changes of triggers. */
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bumpRevision } from '../../../src/automation/configuration/etag.ts';
import type { AcceptedEvent } from '../../../src/automation/decision/accepted-event.ts';
import { isReadable } from '../../../src/automation/decision/compile-trigger.ts';
import { createCandidateIndex } from '../../../src/automation/evaluation/candidate-index.ts';
import { readConfig } from '../../../src/config/config.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { type AutomatedAccount, allOf, createAutomatedAccount, NOON } from './automated-account.ts';

const { limits } = readConfig({});

const db = useTestDatabase();
let account: AutomatedAccount;
beforeAll(async () => {});
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

/** The ids of the triggers that the index returns for an event. */
async function idsIn(index = createCandidateIndex(limits), values: Partial<AcceptedEvent> = {}) {
  const triggers = await account.inTransaction((tx) => index.load(tx));
  return triggers.candidates(event(values)).map(({ id }) => id);
}

describe('a candidate index', () => {
  test('contains activated triggers only', async () => {
    const active = await account.addWorkflow();
    await account.addWorkflow({ status: 'DRAFT' });
    await account.addWorkflow({ status: 'PAUSED' });
    await account.addWorkflow({ isActive: false });
    await account.addWorkflow({ event: 'session_missed' });
    const deleted = await account.addWorkflow();
    await account.changeTrigger(deleted, { deleted_at: NOON });

    expect(await idsIn()).toEqual([active.triggerId]);
  });

  test('reflects every change at the next load', async () => {
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

  test('of another process reflects changes too', async () => {
    const indexes = [createCandidateIndex(limits), createCandidateIndex(limits)];
    const ids = await account.addWorkflow();
    expect(await Promise.all(indexes.map((index) => idsIn(index)))).toEqual([
      [ids.triggerId],
      [ids.triggerId],
    ]);

    await account.changeTrigger(ids, { is_active: false });

    expect(await Promise.all(indexes.map((index) => idsIn(index)))).toEqual([[], []]);
  });

  test('does not read triggers again while the revision is unchanged', async () => {
    const index = createCandidateIndex(limits);
    const ids = await account.addWorkflow();
    await idsIn(index);
    await account.rows(sql`update workflow_triggers set trigger_event = 'session_missed'`);

    expect(await idsIn(index)).toEqual([ids.triggerId]);
  });

  test('returns current triggers to all of several concurrent loads', async () => {
    const index = createCandidateIndex(limits);
    const first = await account.addWorkflow();
    await idsIn(index);
    const second = await account.addWorkflow();

    const found = await Promise.all(Array.from({ length: 5 }, () => idsIn(index)));

    for (const ids of found) {
      expect(new Set(ids)).toEqual(new Set([first.triggerId, second.triggerId]));
    }
  });

  test('recompiles an unreadable trigger after the account defines the missing field', async () => {
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

  test('evicts the least recently used account, and loads it again when needed', async () => {
    const index = createCandidateIndex({ ...limits, keptAutomations: 1 });
    const ids = await account.addWorkflow();
    await idsIn(index);
    const other = await createAutomatedAccount(db.database);
    await other.addWorkflow();
    await other.inTransaction((tx) => index.load(tx));
    await account.rows(sql`update workflow_triggers set trigger_event = 'session_missed'`);

    // A cached trigger would still be a candidate for session_completed.
    expect(await idsIn(index)).toEqual([]);
    expect(await idsIn(index, { type: 'session_missed' })).toEqual([ids.triggerId]);
  });

  test('returns only its own trigger for an occurrence, and none for an event without an athlete', async () => {
    const one = await account.addWorkflow({ event: 'birthday' });
    await account.addWorkflow({ event: 'birthday' });

    expect(await idsIn(undefined, { type: 'birthday', triggerId: one.triggerId })).toEqual([one.triggerId]);
    expect(await idsIn(undefined, { type: 'anniversary', triggerId: one.triggerId })).toEqual([]);
    expect(await idsIn(undefined, { type: 'birthday', userId: null })).toEqual([]);
  });

  test('loads more triggers than one page holds', async () => {
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
