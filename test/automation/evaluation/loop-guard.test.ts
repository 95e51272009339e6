/** The loop guard stops workflows that trigger themselves. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAutomationClient } from '../../support/automation.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  createAutomatedAccount,
  evaluateAll,
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

/** The reasons of `count` events, one second apart, starting at `at`. */
async function emitAndReadReasons(count: number, at: bigint): Promise<string[]> {
  const before = (await logRows(account)).length;
  const events = Array.from({ length: count }, (_, index) => ({ at: at + BigInt(index) * SECOND }));
  await account.emit(userId, ...events);
  await evaluateAll(account);
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

describe('more than twenty enrollments of an athlete in thirty minutes', () => {
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

  test('are counted across batches, and the hold stays after the thirty minutes', async () => {
    for (let minute = 0n; minute < 21n; minute += 1n) {
      await emitAndReadReasons(1, NOON + minute * 60n * SECOND);
    }

    expect((await loggedReasons(account)).at(-1)).toBe('LOOP_CYCLE');
    expect(await emitAndReadReasons(1, NOON + 10n * HOUR)).toEqual(['LOOP_CYCLE']);
  });

  test('do not count when they lie outside of thirty minutes', async () => {
    await emitAndReadReasons(20, NOON);

    expect(await emitAndReadReasons(1, NOON + HALF_HOUR)).toEqual(['ENROLLED']);
    expect(await emitAndReadReasons(1, NOON + HALF_HOUR)).toEqual(['LOOP_CYCLE']);
  });

  test('put no other athlete on hold, and the athlete in no other workflow', async () => {
    await emitAndReadReasons(21, NOON);
    await account.addWorkflow();

    expect((await emitAndReadReasons(1, NOON + HOUR)).sort()).toEqual(['ENROLLED', 'LOOP_CYCLE']);
    userId = await account.addAthlete();
    expect(await emitAndReadReasons(1, NOON)).toEqual(['ENROLLED', 'ENROLLED']);
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
    const { triggers } = createAutomationClient(db.database, { accountId: account.accountId });

    expect(await triggers.releaseHold({ workflowId: ids.workflowId })).toMatchObject({ releasedCount: 2 });
    const held = await account.rows(sql`select workflow_id from workflow_holds where released_at is null`);
    expect(held).toEqual([{ workflow_id: other.workflowId }, { workflow_id: other.workflowId }]);
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
