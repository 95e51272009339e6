/** Caps limit the enrollments of all athletes together, exactly, with concurrent evaluators. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { createAutomationClient } from '../../support/automation.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  createAutomatedAccount,
  DAY,
  evaluateAll,
  evaluatorDeps,
  HOUR,
  loggedReasons,
  logRows,
  NOON,
  waitingPartitions,
} from './automated-account.ts';

const MULTIPLE = 'ENROLLMENT_POLICY_MULTIPLE';
const DAILY = '86400s';

const db = useTestDatabase();
let account: AutomatedAccount;
beforeAll(async () => {});
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
});

async function addAthletes(count: number): Promise<string[]> {
  const userIds = [];
  for (let made = 0; made < count; made += 1) {
    userIds.push(await account.addAthlete());
  }
  return userIds;
}

function readCaps(): Promise<{ name: string; count: number }[]> {
  return account.rows(sql<{ name: string; count: number }>`
    select name, count from enrollment_caps order by name, window_seconds, window_began_at`);
}

describe('a cap', () => {
  test.each([1, 2, 3])('is not exceeded by concurrent events (run %i)', async () => {
    await account.addWorkflow({ settings: { cap: { count: 4, window: DAILY } } });
    for (const userId of await addAthletes(10)) {
      await account.emit(userId, {});
    }
    const partitions = await waitingPartitions(account);
    expect(partitions.length).toBeGreaterThan(2);
    const evaluators = [db.database, db.open()].map((database) => createEvaluator(evaluatorDeps(database)));

    await Promise.all(
      partitions.map(({ partition }, index) =>
        evaluators[index % 2]?.evaluatePartitions(account.accountId, [partition]),
      ),
    );

    const reasons = (await loggedReasons(account)).sort();
    expect(reasons).toEqual([...Array(6).fill('CAP_REACHED'), ...Array(4).fill('ENROLLED')]);
    expect(await readCaps()).toMatchObject([{ count: 4 }]);
  });

  test('starts at zero in each window aligned to 1970, by the times of the events', async () => {
    await account.addWorkflow({ settings: { policy: MULTIPLE, cap: { count: 1, window: DAILY } } });
    const [userId = ''] = await addAthletes(1);
    const midnight = NOON + 12n * HOUR;
    await account.emit(userId, { at: NOON }, { at: midnight - 1n }, { at: midnight }, { at: midnight + 1n });
    await account.emit(userId, { at: NOON - DAY });
    await evaluateAll(account);

    expect(await loggedReasons(account)).toEqual([
      'ENROLLED',
      'CAP_REACHED',
      'ENROLLED',
      'CAP_REACHED',
      'ENROLLED',
    ]);
    expect((await logRows(account))[1]?.details).toEqual({
      policy: 'MULTIPLE',
      cap: '1',
      cap_used: '1',
      cap_window_began_at: '2026-03-02T00:00:00.000000Z',
      cap_window_seconds: '86400',
    });
  });

  test('with one name is shared by its workflows, and the highest priority takes the slot first', async () => {
    const cap = { name: 'welcome', count: 1, window: DAILY };
    await account.addWorkflow({ settings: { cap, priority: 3 } });
    const first = await account.addWorkflow({ settings: { cap, priority: 9 } });
    const [userId = ''] = await addAthletes(1);
    await account.emit(userId, {});
    await evaluateAll(account);

    const rows = await logRows(account);
    expect(rows.filter(({ enrolled }) => enrolled).map((row) => row.trigger_id)).toEqual([first.triggerId]);
    expect(await readCaps()).toEqual([{ name: 'shared:welcome', count: 1 }]);
  });

  test('without a name belongs to one workflow', async () => {
    const cap = { count: 1, window: DAILY };
    const [one, two] = [
      await account.addWorkflow({ settings: { cap } }),
      await account.addWorkflow({ settings: { cap } }),
    ];
    const [userId = ''] = await addAthletes(1);
    await account.emit(userId, {});
    await evaluateAll(account);

    expect(await loggedReasons(account)).toEqual(['ENROLLED', 'ENROLLED']);
    const names = (await readCaps()).map(({ name }) => name);
    expect(new Set(names)).toEqual(new Set([`own:${one.workflowId}`, `own:${two.workflowId}`]));
  });

  test('without a name is deleted with its workflow, in all windows, and other caps stay', async () => {
    const cap = { count: 1, window: DAILY };
    const policy = MULTIPLE;
    const gone = await account.addWorkflow({ settings: { policy, cap } });
    const other = await account.addWorkflow({ settings: { policy, cap } });
    await account.addWorkflow({ settings: { policy, cap: { ...cap, name: 'shared' } } });
    const [userId = ''] = await addAthletes(1);
    await account.emit(userId, { at: NOON }, { at: NOON + DAY });
    await evaluateAll(account);
    expect(await readCaps()).toHaveLength(6);
    const { workflows } = createAutomationClient(db.database, { accountId: account.accountId });
    await workflows.deleteWorkflow({ workflowId: gone.workflowId });

    const own = { name: `own:${other.workflowId}`, count: 1 };
    const shared = { name: 'shared:shared', count: 1 };
    expect(await readCaps()).toEqual([own, own, shared, shared]);
  });

  test('is not incremented when another stage stops the athlete', async () => {
    await account.addWorkflow({ settings: { cap: { count: 5, window: DAILY } } });
    const [userId = ''] = await addAthletes(1);
    await account.emit(userId, {}, {}, {});
    await evaluateAll(account);

    expect(await readCaps()).toMatchObject([{ count: 1 }]);
  });

  test('is not incremented when the transaction fails', async () => {
    await account.addWorkflow({ settings: { policy: MULTIPLE, cap: { count: 1, window: DAILY } } });
    const [failing = '', userId = ''] = await addAthletes(2);
    // The log rejects this event: the entry fails after the verdict that took the slot.
    await account.emit(failing, { type: 'session_completed', id: uuidv7(), data: {} });
    await account.rows(sql`update outbox set facts = jsonb_set(facts, '{1}',
      '{"id": "01900000-0000-7000-8000-000000000009", "type": null, "data": {}}')`);
    await evaluateAll(account, createEvaluator(evaluatorDeps(db.database, { limits: { entryTries: 1 } })));
    expect(await loggedReasons(account)).toEqual([]);

    await account.emit(userId, {});
    await evaluateAll(account);

    expect(await loggedReasons(account)).toEqual(['ENROLLED']);
  });
});
