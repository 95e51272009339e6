/** ReplayEvents: verdicts on past events, each at most once. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lockPartitionOf } from '../../../src/store/lock-partition.ts';
import { instantToTimestamp } from '../../../src/values/instant.ts';
import { type AutomationClient, createAutomationClient } from '../../support/automation.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  allOf,
  createAutomatedAccount,
  evaluateAll,
  HOUR,
  logRows,
  NOON,
  SECOND,
} from '../evaluation/automated-account.ts';

const MULTIPLE = { policy: 'ENROLLMENT_POLICY_MULTIPLE' };

const db = useTestDatabase();
let account: AutomatedAccount;
let client: AutomationClient;
let userId: string;
beforeAll(async () => {});
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
  client = createAutomationClient(db.database, { accountId: account.accountId });
  userId = await account.addAthlete();
});

function week(number: number) {
  return { data: { week_number: number }, at: NOON + BigInt(number) * HOUR };
}

describe('a replay', () => {
  test('evaluates past events for a new trigger, at the times of the events', async () => {
    const eventIds = await account.emit(userId, week(1), week(2), week(3));
    await evaluateAll(account);
    const ids = await account.addWorkflow({
      settings: MULTIPLE,
      filters: allOf({ field: 'week_number', operator: 'greater_than', value: 1 }),
    });

    expect(await client.events.replayEvents({ eventIds })).toMatchObject({
      replayedCount: 3,
      keptCount: 0,
      decidedCount: 3,
      enrolledCount: 2,
    });
    const enrolled = await account.rows(sql`
      select event_id, trigger_id, enrolled_at, state from workflow_enrollments order by enrolled_at`);
    expect(enrolled).toEqual([
      {
        event_id: eventIds[1],
        trigger_id: ids.triggerId,
        enrolled_at: '2026-03-02 14:00:00+00',
        state: 'TRIGGERED',
      },
      {
        event_id: eventIds[2],
        trigger_id: ids.triggerId,
        enrolled_at: '2026-03-02 15:00:00+00',
        state: 'TRIGGERED',
      },
    ]);
    expect(await logRows(account)).toMatchObject([{ kind: 'REPLAY' }, { kind: 'REPLAY' }]);
  });

  test('keeps every existing verdict, including NOT_MATCHED', async () => {
    const enrolling = await account.addWorkflow();
    const other = await account.addWorkflow({
      filters: allOf({ field: 'week_number', operator: 'equals', value: 9 }),
    });
    const eventIds = await account.emit(userId, week(1));
    await evaluateAll(account);
    await account.changeTrigger(other, { filters: {} });
    await account.changeTrigger(enrolling, { settings: MULTIPLE });
    const before = await account.rows(sql`select outcomes from events`);

    expect(await client.events.replayEvents({ eventIds })).toMatchObject({
      replayedCount: 1,
      keptCount: 2,
      decidedCount: 0,
      enrolledCount: 0,
    });
    expect(await account.rows(sql`select outcomes from events`)).toEqual(before);
    expect(await logRows(account)).toHaveLength(1);
  });

  test('decides nothing when it is repeated', async () => {
    const eventIds = await account.emit(userId, week(1), week(2));
    await evaluateAll(account);
    await account.addWorkflow({ settings: MULTIPLE });
    const first = await client.events.replayEvents({ eventIds });

    expect(first).toMatchObject({ decidedCount: 2, enrolledCount: 2 });
    expect(await client.events.replayEvents({ eventIds })).toMatchObject({
      keptCount: 2,
      decidedCount: 0,
    });
    expect(await account.rows(sql`select id from workflow_enrollments`)).toHaveLength(2);
  });

  test('decides each verdict once with concurrent replays', async () => {
    const eventIds = await account.emit(userId, ...Array.from({ length: 20 }, (_, n) => week(n)));
    await evaluateAll(account);
    await account.addWorkflow({ settings: MULTIPLE });
    const other = createAutomationClient(db.open(), { accountId: account.accountId });

    const counts = await Promise.all(
      [client, other, client, other].map(({ events }) => events.replayEvents({ eventIds })),
    );

    expect(counts.reduce((sum, each) => sum + each.decidedCount, 0)).toBe(20);
    expect(counts.reduce((sum, each) => sum + each.keptCount, 0)).toBe(60);
    expect(await account.rows(sql`select id from workflow_enrollments`)).toHaveLength(20);
  });

  test('waits for the lock of the athletes’ partition', async () => {
    const eventIds = await account.emit(userId, week(1));
    await evaluateAll(account);
    await account.addWorkflow();
    const waiting = createAutomationClient(db.open(), { accountId: account.accountId });
    let isDone = false;

    const replayed = await account.inTransaction(async (tx) => {
      await lockPartitionOf(tx, userId);
      const call = waiting.events.replayEvents({ eventIds }).finally(() => {
        isDone = true;
      });
      await expect.poll(() => waitsForLock()).toBe(true);
      expect(isDone).toBe(false);
      return { call };
    });

    expect(await replayed.call).toMatchObject({ decidedCount: 1 });
  });

  test('evaluates only the requested triggers', async () => {
    const eventIds = await account.emit(userId, week(1));
    await evaluateAll(account);
    const one = await account.addWorkflow();
    await account.addWorkflow();

    expect(await client.events.replayEvents({ eventIds, triggerIds: [one.triggerId] })).toMatchObject({
      decidedCount: 1,
    });
    expect(await logRows(account)).toMatchObject([{ trigger_id: one.triggerId }]);
  });

  test('evaluates the requested period page by page', async () => {
    await account.emit(userId, ...Array.from({ length: 5 }, (_, n) => week(n)));
    await evaluateAll(account);
    await account.addWorkflow({ settings: MULTIPLE });
    const paging = createAutomationClient(db.database, {
      accountId: account.accountId,
      limits: { replayPageSize: 2 },
    });

    expect(
      await paging.events.replayEvents({
        startTime: instantToTimestamp(NOON + HOUR),
        endTime: instantToTimestamp(NOON + 4n * HOUR),
      }),
    ).toMatchObject({ replayedCount: 3, enrolledCount: 3 });
  });

  test('respects cap, policy and priority like live evaluation', async () => {
    const eventIds = await account.emit(userId, week(1), week(2));
    await evaluateAll(account);
    const cap = { name: 'all', count: 1, window: '86400s' };
    await account.addWorkflow({ settings: { ...MULTIPLE, cap, priority: 1 } });
    const first = await account.addWorkflow({ settings: { ...MULTIPLE, cap, priority: 2 } });

    expect(await client.events.replayEvents({ eventIds })).toMatchObject({
      decidedCount: 4,
      enrolledCount: 1,
    });
    const enrolled = (await logRows(account)).filter((row) => row.enrolled);
    expect(enrolled).toMatchObject([{ trigger_id: first.triggerId, event_id: eventIds[0] }]);
  });

  test('decides again after an ERROR, once', async () => {
    const ids = await account.addWorkflow({ filters: { logic: 'XOR' } });
    const eventIds = await account.emit(userId, week(1));
    await evaluateAll(account);
    await account.changeTrigger(ids, { filters: {} });

    expect(await client.events.replayEvents({ eventIds })).toMatchObject({
      decidedCount: 1,
      enrolledCount: 1,
    });
    expect(await client.events.replayEvents({ eventIds })).toMatchObject({ keptCount: 1, decidedCount: 0 });
    const { verdicts } = await client.triggers.explainEvent({ eventId: eventIds[0] ?? '' });
    expect(verdicts).toMatchObject([{ triggerId: ids.triggerId, triggerVersion: 2, enrolled: true }]);
  });

  test.each([
    { name: 'without times', request: {}, field: 'start_time' },
    { name: 'with only a start time', request: { startTime: instantToTimestamp(NOON) }, field: 'end_time' },
    {
      name: 'with an end before the start',
      request: { startTime: instantToTimestamp(NOON), endTime: instantToTimestamp(NOON - SECOND) },
      field: 'start_time',
    },
  ])('$name is refused', async ({ request, field }) => {
    await expect(client.events.replayEvents(request)).rejects.toThrow(new RegExp(field));
  });

  test('of more than replayedEvents events is refused, and replays none', async () => {
    await account.emit(userId, week(1), week(2));
    await evaluateAll(account);
    await account.addWorkflow();
    const { events } = createAutomationClient(db.database, {
      accountId: account.accountId,
      limits: { replayedEvents: 1 },
    });
    const times = { startTime: instantToTimestamp(NOON), endTime: instantToTimestamp(NOON + 9n * HOUR) };

    await expect(events.replayEvents(times)).rejects.toThrow(/at most 1 /);
    expect(await logRows(account)).toEqual([]);
  });

  test('does not find events of another account', async () => {
    const eventIds = await account.emit(userId, week(1));
    await evaluateAll(account);
    const stranger = createAutomationClient(db.database, { accountId: uuidv7() });

    expect(await stranger.events.replayEvents({ eventIds })).toMatchObject({ replayedCount: 0 });
  });
});

async function waitsForLock(): Promise<boolean> {
  const { rows } = await sql<{ waits: boolean }>`
    select exists (select from pg_locks where locktype = 'advisory' and not granted) as waits`.execute(
    db.database.orm.em.fork().getKysely(),
  );
  return rows[0]?.waits === true;
}
