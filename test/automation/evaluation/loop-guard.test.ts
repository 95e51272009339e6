/** The loop guard stops workflows that trigger themselves. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { builtInEventType } from '../../../src/automation/event-types/event-types.ts';
import { validateEventData } from '../../../src/automation/event-types/validate-event-data.ts';
import { readConfig } from '../../../src/config/config.ts';
import { instantToTimestamp } from '../../../src/values/instant.ts';
import { createAutomationClient } from '../../support/automation.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  createAutomatedAccount,
  evaluateAll,
  evaluatorDeps,
  HOUR,
  loggedReasons,
  logRows,
  NOON,
  SECOND,
  type WorkflowIds,
} from './automated-account.ts';

const MULTIPLE = 'ENROLLMENT_POLICY_MULTIPLE';
const HALF_HOUR = HOUR / 2n;

const db = useTestDatabase();
let account: AutomatedAccount;
let userId: string;
let ids: WorkflowIds;
beforeAll(async () => {});
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
  userId = await account.addAthlete();
  ids = await account.addWorkflow({ settings: { policy: MULTIPLE } });
});

function cause(values: { depth?: number; chain?: string[] }) {
  return { rootEventId: uuidv7(), causationId: uuidv7(), depth: 1, chain: [], ...values };
}

/** The reasons of `count` events of a workflow, one second apart and evaluated at once, starting at `at`. */
async function emitAndReadReasons(count: number, at: bigint, depth = 1): Promise<string[]> {
  const before = (await logRows(account)).length;
  const events = Array.from({ length: count }, (_, index) => ({
    at: at + BigInt(index) * SECOND,
    ...(depth > 0 ? { cause: cause({ depth, chain: [uuidv7()] }) } : {}),
  }));
  await account.emit(userId, ...events);
  await evaluateAll(account, createEvaluator(evaluatorDeps(db.database, { clock: () => at })));
  return (await loggedReasons(account)).slice(before);
}

describe('an event caused by workflows', () => {
  test('does not enroll at a depth above eight', async () => {
    const chain = [uuidv7()];
    await account.emit(userId, { cause: cause({ depth: 8, chain }) }, { cause: cause({ depth: 9, chain }) });
    await evaluateAll(account);

    expect(await loggedReasons(account)).toEqual(['ENROLLED', 'LOOP_DEPTH']);
    expect((await logRows(account))[1]?.details).toEqual({ depth: '9', limit: '8' });
  });

  test('does not enroll into a workflow of its causation chain', async () => {
    const chain = [uuidv7(), ids.workflowId, uuidv7()];
    await account.emit(userId, { cause: cause({ depth: 3, chain }) });
    await evaluateAll(account);

    expect(await loggedReasons(account)).toEqual(['LOOP_CYCLE']);
    expect((await logRows(account))[0]?.details).toEqual({ chain: chain.join(' ') });
  });

  test('passes its root, depth and chain to the events that it causes', async () => {
    const given = cause({ depth: 2, chain: [uuidv7()] });
    const [eventId] = await account.emit(userId, { cause: given });
    await evaluateAll(account);

    const [row] = await account.rows(sql`select cause from workflow_enrollments`);
    expect(row).toEqual({
      cause: {
        rootEventId: given.rootEventId,
        causationId: eventId,
        depth: 3,
        chain: [...given.chain, ids.workflowId],
      },
    });
    const [event] = await account.rows(sql`select root_event_id, causation_id, depth, chain from events`);
    expect(event).toEqual({
      root_event_id: given.rootEventId,
      causation_id: given.causationId,
      depth: 2,
      chain: given.chain,
    });
  });
});

describe('more than twenty enrollments by events of workflows in thirty minutes', () => {
  test('put the athlete on hold in the workflow', async () => {
    expect(await emitAndReadReasons(22, NOON)).toEqual([
      ...Array(20).fill('ENROLLED'),
      'LOOP_CYCLE',
      'LOOP_CYCLE',
    ]);
    expect(
      await account.rows(sql`select workflow_id, user_id from workflow_holds where released_at is null`),
    ).toEqual([{ workflow_id: ids.workflowId, user_id: userId }]);
    const details = (await logRows(account)).slice(20).map((row) => row.details);
    expect(details).toEqual([
      { enrollments: '20', span_seconds: '1800' },
      { held_at: '2026-03-02T12:00:00.000000Z' },
    ]);
  });

  test('are counted across batches', async () => {
    for (let minute = 0n; minute < 21n; minute += 1n) {
      await emitAndReadReasons(1, NOON + minute * 60n * SECOND);
    }

    expect((await loggedReasons(account)).at(-1)).toBe('LOOP_CYCLE');
  });

  test('do not count when no workflow caused them, however many they are', async () => {
    expect(await emitAndReadReasons(25, NOON, 0)).toEqual(Array(25).fill('ENROLLED'));
    expect(await emitAndReadReasons(60, NOON + 60n * SECOND, 0)).toEqual(Array(60).fill('ENROLLED'));
    expect(await emitAndReadReasons(21, NOON + 180n * SECOND)).toEqual([
      ...Array(20).fill('ENROLLED'),
      'LOOP_CYCLE',
    ]);
  });

  test('do not count when they lie outside of thirty minutes', async () => {
    await emitAndReadReasons(20, NOON);

    expect(await emitAndReadReasons(1, NOON + HALF_HOUR)).toEqual(['ENROLLED']);
    expect(await emitAndReadReasons(1, NOON + HALF_HOUR)).toEqual(['LOOP_CYCLE']);
  });

  test('are told as an event, to which another workflow can react at any depth of the loop', async () => {
    const telling = await account.addWorkflow({ event: 'hold_placed', settings: { policy: MULTIPLE } });
    expect(await emitAndReadReasons(22, NOON, 8)).toEqual([
      ...Array(20).fill('ENROLLED'),
      ...['LOOP_CYCLE', 'LOOP_CYCLE', 'ENROLLED'],
    ]);
    const events = await account.rows(sql`select type, data, actor, depth, chain from events
      where type = 'hold_placed'`);
    const data = { workflow_id: ids.workflowId, trigger_event: 'session_completed', enrollments: 20 };
    expect(events).toEqual([
      { type: 'hold_placed', data, actor: 'AUTOMATION', depth: 1, chain: [ids.workflowId] },
    ]);
    const type = builtInEventType('hold_placed');
    expect(type && validateEventData(type, { data, previous: null }, readConfig({}).limits)).toEqual([]);
    const runs = await account.rows(sql`select cause -> 'chain' as chain from workflow_enrollments
      where workflow_id = ${telling.workflowId}`);
    expect(runs).toEqual([{ chain: [ids.workflowId, telling.workflowId] }]);
  });

  test('put no other athlete on hold, and the athlete in no other workflow', async () => {
    await emitAndReadReasons(21, NOON);
    await account.addWorkflow();

    expect((await emitAndReadReasons(1, NOON + 60n * SECOND)).sort()).toEqual(['ENROLLED', 'LOOP_CYCLE']);
    userId = await account.addAthlete();
    expect(await emitAndReadReasons(1, NOON)).toEqual(['ENROLLED', 'ENROLLED']);
  });
});

describe('a hold', () => {
  test('keeps out events that no workflow caused, too', async () => {
    await emitAndReadReasons(21, NOON);

    expect(await emitAndReadReasons(1, NOON + SECOND, 0)).toEqual(['LOOP_CYCLE']);
  });

  test('ends by itself thirty minutes after the last event that a workflow caused', async () => {
    await emitAndReadReasons(21, NOON);
    const prolonged = NOON + 20n * 60n * SECOND;
    expect(await emitAndReadReasons(1, prolonged)).toEqual(['LOOP_CYCLE']);
    // Events that no workflow caused do not prolong it.
    expect(await emitAndReadReasons(1, prolonged + HALF_HOUR - SECOND, 0)).toEqual(['LOOP_CYCLE']);

    expect(await emitAndReadReasons(1, prolonged + HALF_HOUR)).toEqual(['ENROLLED']);
  });

  test('is placed anew when the loop goes on after the end, and told anew', async () => {
    await emitAndReadReasons(21, NOON);
    const later = NOON + HALF_HOUR;
    expect(await emitAndReadReasons(21, later)).toEqual([...Array(20).fill('ENROLLED'), 'LOOP_CYCLE']);

    const told = await account.rows(sql`select occurred_at from events where type = 'hold_placed'`);
    expect(told).toEqual([
      { occurred_at: '2026-03-02 12:00:00+00' },
      { occurred_at: '2026-03-02 12:30:00+00' },
    ]);
  });
});

describe('ListHolds', () => {
  const clientAt = (now: bigint) =>
    createAutomationClient(db.database, { accountId: account.accountId, clock: () => now }).triggers;

  test('lists the holds that are in force, newest first, with when each ends', async () => {
    const first = userId;
    await emitAndReadReasons(21, NOON);
    userId = await account.addAthlete();
    await emitAndReadReasons(22, NOON + 60n * SECOND);

    const { holds, totalSize } = await clientAt(NOON + 120n * SECOND).listHolds({});
    const { workflowId } = ids;
    const shape = (user: string, at: bigint) => ({
      ...{ workflowId, userId: user, heldAt: instantToTimestamp(at), lastEventAt: instantToTimestamp(at) },
      endsAt: instantToTimestamp(at + HALF_HOUR),
    });
    expect(holds).toMatchObject([shape(userId, NOON + 60n * SECOND), shape(first, NOON)]);
    expect(totalSize).toBe(2);
    expect((await clientAt(NOON + HALF_HOUR).listHolds({})).holds).toMatchObject([{ userId }]);
    expect((await clientAt(NOON + HOUR).listHolds({})).holds).toEqual([]);
  });

  test('pages, and filters by workflow and athlete', async () => {
    const userIds = [userId, await account.addAthlete(), await account.addAthlete()];
    for (const each of userIds) {
      userId = each;
      await emitAndReadReasons(21, NOON);
    }
    const other = await account.addWorkflow({ event: 'session_missed' });
    const triggers = clientAt(NOON);
    const listed: string[] = [];
    let pageToken = '';
    do {
      const page = await triggers.listHolds({ pageSize: 1, pageToken });
      listed.push(...page.holds.map((hold) => hold.userId));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');

    expect(listed.toSorted()).toEqual(userIds.toSorted());
    expect((await triggers.listHolds({ userId })).holds).toMatchObject([{ userId }]);
    expect((await triggers.listHolds({ workflowId: other.workflowId })).holds).toEqual([]);
    await expect(triggers.listHolds({ workflowId: uuidv7() })).rejects.toThrow(/does not exist/);
    await triggers.releaseHold({ workflowId: ids.workflowId, userId });
    expect((await triggers.listHolds({})).totalSize).toBe(2);
  });
});

describe('ReleaseHold', () => {
  test('lets the workflow enroll the athlete at once, and resets the count', async () => {
    await emitAndReadReasons(21, NOON);
    const clock = () => NOON + SECOND;
    const { triggers, audit } = createAutomationClient(db.database, { accountId: account.accountId, clock });

    expect(await triggers.releaseHold({ workflowId: ids.workflowId, userId })).toMatchObject({
      releasedCount: 1,
    });
    expect(await triggers.releaseHold({ workflowId: ids.workflowId })).toMatchObject({ releasedCount: 0 });
    expect(await emitAndReadReasons(1, NOON + 30n * SECOND)).toEqual(['ENROLLED']);
    const { entries } = await audit.listAuditEntries({ action: 'ReleaseHold' });
    expect(entries).toMatchObject([{ targetId: ids.workflowId, userId }]);
  });

  test('without an athlete releases all holds of the workflow, and of no other workflow', async () => {
    const other = await account.addWorkflow({ settings: { policy: MULTIPLE } });
    await emitAndReadReasons(21, NOON);
    userId = await account.addAthlete();
    await emitAndReadReasons(21, NOON);
    const clock = () => NOON + SECOND;
    const { triggers } = createAutomationClient(db.database, { accountId: account.accountId, clock });

    expect(await triggers.releaseHold({ workflowId: ids.workflowId })).toMatchObject({ releasedCount: 2 });
    const held = await account.rows(sql`select workflow_id from workflow_holds where released_at is null`);
    expect(held).toEqual([{ workflow_id: other.workflowId }, { workflow_id: other.workflowId }]);
  });

  test('does not count holds that have ended by themselves', async () => {
    await emitAndReadReasons(21, NOON);
    const clock = () => NOON + HALF_HOUR;
    const { triggers } = createAutomationClient(db.database, { accountId: account.accountId, clock });

    expect(await triggers.releaseHold({ workflowId: ids.workflowId })).toMatchObject({ releasedCount: 0 });
  });

  test('refuses an unknown workflow and an unknown athlete', async () => {
    const { triggers } = createAutomationClient(db.database, { accountId: account.accountId });
    const stranger = createAutomationClient(db.database).triggers;

    await expect(triggers.releaseHold({ workflowId: uuidv7() })).rejects.toThrow(/does not exist/);
    await expect(triggers.releaseHold({ workflowId: ids.workflowId, userId: uuidv7() })).rejects.toThrow(
      /does not exist/,
    );
    await expect(stranger.releaseHold({ workflowId: ids.workflowId })).rejects.toThrow(/does not exist/);
  });
});
