/** ListTriggerExecutions and GetTriggerStats. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { ExecutionKind, VerdictReason } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { type Instant, instantToText, instantToTimestamp } from '../../../src/values/instant.ts';
import { type AutomationClient, createAutomationClient } from '../../support/automation.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  allOf,
  createAutomatedAccount,
  DAY,
  evaluateAll,
  evaluatorDeps,
  HOUR,
  NOON,
  type WorkflowIds,
} from '../evaluation/automated-account.ts';

const WEEK = (value: number) => allOf({ field: 'week_number', operator: 'less_than', value });

const db = useTestDatabase();
let account: AutomatedAccount;
let client: AutomationClient;
let userId: string;
beforeAll(async () => {});
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
  client = createAutomationClient(db.database, {
    accountId: account.accountId,
    clock: () => NOON + 2n * DAY,
  });
  userId = await account.addAthlete();
});

/** Emits and evaluates a session of the week at this time; returns the event's id. */
async function emitAndEvaluate(at: Instant, weekNumber = 1): Promise<string> {
  const [eventId = ''] = await account.emit(userId, { at, data: { week_number: weekNumber } });
  await evaluateAll(account, createEvaluator(evaluatorDeps(db.database, { clock: () => at })));
  return eventId;
}

describe('the executions of a trigger', () => {
  test('are listed newest first, page by page', async () => {
    const { triggerId } = await account.addWorkflow({ filters: WEEK(5) });
    const eventIds = [
      await emitAndEvaluate(NOON),
      await emitAndEvaluate(NOON + HOUR),
      await emitAndEvaluate(NOON + 2n * HOUR),
    ];
    await emitAndEvaluate(NOON + 3n * HOUR, 9);

    const first = await client.triggers.listTriggerExecutions({ triggerId, pageSize: 2 });
    const { nextPageToken: pageToken } = first;
    const second = await client.triggers.listTriggerExecutions({ triggerId, pageSize: 2, pageToken });

    expect(first).toMatchObject({ totalSize: 3 });
    expect([...first.executions, ...second.executions].map(({ eventId }) => eventId)).toEqual(
      eventIds.toReversed(),
    );
    expect(second.executions).toMatchObject([
      {
        triggerId,
        triggerVersion: 1,
        userId,
        kind: ExecutionKind.LIVE,
        matched: true,
        enrolled: true,
        reason: VerdictReason.ENROLLED,
        enrollmentId: expect.stringMatching(/./),
        eventData: { type: 'session_completed', data: { week_number: 1 } },
      },
    ]);
    expect(first.executions[0]).toMatchObject({ reason: VerdictReason.ALREADY_ENROLLED, enrollmentId: '' });
  });

  test('can be filtered by reason and by athlete', async () => {
    const { triggerId } = await account.addWorkflow();
    await emitAndEvaluate(NOON);
    await emitAndEvaluate(NOON + HOUR);
    const { triggers } = client;
    const count = async (narrowed: object) =>
      (await triggers.listTriggerExecutions({ triggerId, ...narrowed })).totalSize;

    expect(await count({ reason: VerdictReason.ENROLLED })).toBe(1);
    expect(await count({ reason: VerdictReason.ALREADY_ENROLLED })).toBe(1);
    expect(await count({ reason: VerdictReason.COOLDOWN })).toBe(0);
    expect(await count({ userId })).toBe(2);
    expect(await count({ userId: uuidv7() })).toBe(0);
  });

  test('remain after the trigger is deleted, and are not visible to other accounts', async () => {
    const ids = await account.addWorkflow();
    await emitAndEvaluate(NOON);
    await account.changeTrigger(ids, { deleted_at: NOON });
    const { triggerId } = ids;
    const stranger = createAutomationClient(db.database);

    expect(await client.triggers.listTriggerExecutions({ triggerId })).toMatchObject({ totalSize: 1 });
    await expect(stranger.triggers.listTriggerExecutions({ triggerId })).rejects.toThrow(/does not exist/);
  });
});

describe('the statistics of a trigger', () => {
  let ids: WorkflowIds;
  beforeEach(async () => {
    ids = await account.addWorkflow({ filters: WEEK(5) });
    await addActivity(NOON - HOUR, null);
  });

  async function addActivity(from: Instant, until: Instant | null): Promise<void> {
    await account.rows(sql`insert into trigger_activity (account_id, trigger_id, began_at, ended_at)
      values (${account.accountId}, ${ids.triggerId}, ${instantToText(from)},
        ${until === null ? null : instantToText(until)})`);
  }

  test('count by UTC day', async () => {
    await emitAndEvaluate(NOON);
    await emitAndEvaluate(NOON + HOUR);
    await emitAndEvaluate(NOON + 2n * HOUR, 9);
    await emitAndEvaluate(NOON + 12n * HOUR);

    const { days, total } = await client.triggers.getTriggerStats({ triggerId: ids.triggerId });

    expect(days).toHaveLength(30);
    expect(days.slice(-3)).toMatchObject([
      { date: '2026-03-02', evaluated: 3n, matched: 2n, enrolled: 1n, blocked: { ALREADY_ENROLLED: 1n } },
      { date: '2026-03-03', evaluated: 1n, matched: 1n, enrolled: 0n, blocked: { ALREADY_ENROLLED: 1n } },
      { date: '2026-03-04', evaluated: 0n, matched: 0n, enrolled: 0n, blocked: {} },
    ]);
    expect(total).toMatchObject({
      evaluated: 4n,
      matched: 3n,
      enrolled: 1n,
      blocked: { ALREADY_ENROLLED: 2n },
    });
  });

  test('exclude tests, events of other types, and events outside of the trigger’s active periods', async () => {
    await account.rows(sql`update trigger_activity set ended_at = ${instantToText(NOON + 2n * HOUR)}`);
    await addActivity(NOON + 4n * HOUR, null);
    await emitAndEvaluate(NOON - 2n * HOUR, 9);
    await emitAndEvaluate(NOON, 9);
    await emitAndEvaluate(NOON + 3n * HOUR, 9);
    await emitAndEvaluate(NOON + 5n * HOUR, 9);
    await account.emit(userId, { type: 'session_missed' });
    await evaluateAll(account);
    const event = { case: 'simulated' as const, value: { data: { week_number: 1 } } };
    const test = await client.triggers.testTrigger({ triggerId: ids.triggerId, userId, event });
    expect(test).toMatchObject({ matched: true });

    const endTime = instantToTimestamp(NOON + 3n * DAY);
    const { total } = await client.triggers.getTriggerStats({ triggerId: ids.triggerId, endTime });

    expect(total).toMatchObject({ evaluated: 2n, matched: 0n, enrolled: 0n });
  });

  test('count the latest rows of a long history only, and say from when on', async () => {
    for (const hours of [0n, 1n, 12n, 13n]) {
      await emitAndEvaluate(NOON + hours * HOUR);
    }
    const read = (statisticsRows: number) =>
      createAutomationClient(db.database, {
        ...{ accountId: account.accountId, clock: () => NOON + 2n * DAY, limits: { statisticsRows } },
      }).triggers.getTriggerStats({ triggerId: ids.triggerId });

    const all = await read(4);
    expect(all.countedFrom).toBeUndefined();
    expect(all.total).toMatchObject({ evaluated: 4n, matched: 4n });
    const latest = await read(3);
    expect(latest.countedFrom).toMatchObject(instantToTimestamp(NOON + 1n));
    expect(latest.total).toMatchObject({ evaluated: 3n, matched: 3n });
    expect(latest.days.slice(-3)).toMatchObject([{ evaluated: 1n }, { evaluated: 2n }, { evaluated: 0n }]);
  });

  test('cover the requested period, without its end', async () => {
    await emitAndEvaluate(NOON);
    const stats = (startTime: Instant, endTime: Instant) =>
      client.triggers.getTriggerStats({
        triggerId: ids.triggerId,
        startTime: instantToTimestamp(startTime),
        endTime: instantToTimestamp(endTime),
      });

    expect((await stats(NOON, NOON + 1n)).total).toMatchObject({ evaluated: 1n, enrolled: 1n });
    expect((await stats(NOON - HOUR, NOON)).total).toMatchObject({ evaluated: 0n, enrolled: 0n });
    expect((await stats(NOON - 92n * DAY, NOON)).days).toHaveLength(93);
    await expect(stats(NOON - 93n * DAY, NOON)).rejects.toThrow(/at most 92 days/);
    await expect(stats(NOON, NOON)).rejects.toThrow(/start_time/);
  });
});
