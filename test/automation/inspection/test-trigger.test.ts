/** TestTrigger: reports every stage and enrolls no athlete. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { VerdictReason } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { instantToTimestamp } from '../../../src/values/instant.ts';
import { type AutomationClient, createAutomationClient } from '../../support/automation.ts';
import { expectUnchanged } from '../../support/expect-unchanged.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  allOf,
  createAutomatedAccount,
  evaluateAll,
  HOUR,
  logRows,
  NOON,
} from '../evaluation/automated-account.ts';

const MULTIPLE = 'ENROLLMENT_POLICY_MULTIPLE';
const THIRD_WEEK = allOf(
  { field: 'week_number', operator: 'equals', value: 3 },
  { field: 'name', operator: 'starts_with', value: 'An' },
);

const db = useTestDatabase();
let account: AutomatedAccount;
let client: AutomationClient;
let userId: string;
beforeAll(async () => {});
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
  client = createAutomationClient(db.database, { accountId: account.accountId, clock: () => NOON });
  userId = await account.addAthlete();
});

/** A simulated session. */
function simulated(weekNumber: number, at = NOON) {
  return {
    case: 'simulated' as const,
    value: { data: { week_number: weekNumber }, occurredAt: instantToTimestamp(at) },
  };
}

describe('a trigger test', () => {
  test('reports every condition and stage of a draft workflow', async () => {
    const { triggerId } = await account.addWorkflow({ status: 'DRAFT', filters: THIRD_WEEK });

    const answer = await client.triggers.testTrigger({ triggerId, userId, event: simulated(3) });

    expect(answer).toMatchObject({ matched: true, wouldEnroll: true, reason: VerdictReason.ENROLLED });
    expect(answer.stages.map(({ stage, passed }) => `${stage} ${passed}`)).toEqual([
      'duplicate true',
      'workflow false',
      'candidate true',
      'subject true',
      'filter true',
      'loop_guard true',
      'policy true',
      'rate true',
      'business_hours true',
    ]);
    expect(answer.conditions).toMatchObject([
      { path: 'filter.conditions[0]', field: 'week_number', operator: 'equals', matched: true },
      { path: 'filter.conditions[1]', field: 'name', operator: 'starts_with', matched: true },
    ]);
    expect(answer.conditions.map(({ actual }) => actual?.kind)).toEqual([
      { case: 'numberValue', value: 3 },
      { case: 'stringValue', value: 'A•••' },
    ]);
    expect(answer.conditions[0]?.expected?.kind).toEqual({ case: 'numberValue', value: 3 });
  });

  test('enrolls no athlete, and writes one execution log of the kind TEST', async () => {
    const { triggerId } = await account.addWorkflow({
      settings: { cap: { count: 1, window: '60s' }, limit: { count: 1, window: '60s' } },
    });
    const { executionId } = await client.triggers.testTrigger({ triggerId, userId, event: simulated(3) });

    expect(await logRows(account)).toMatchObject([
      { kind: 'TEST', matched: true, enrolled: false, failure_reason: null, event_id: null },
    ]);
    const rows = await account.rows(sql`select id from trigger_execution_logs`);
    expect(rows).toEqual([{ id: executionId }]);
    for (const table of ['workflow_enrollments', 'events', 'outbox', 'enrollment_caps', 'dead_letters']) {
      expect(await account.rows(sql`select 1 from ${sql.table(table)}`)).toEqual([]);
    }
  });

  test('reports the stages after the one that stops', async () => {
    const { triggerId } = await account.addWorkflow({
      filters: THIRD_WEEK,
      settings: {
        policy: MULTIPLE,
        cooldown: '7200s',
        cap: { count: 1, window: '86400s' },
        limit: { count: 1, window: '7200s' },
        businessHours: { timeZone: 'UTC', intervals: [{ weekday: 1, opens: '12:00', closes: '13:00' }] },
      },
    });
    await account.emit(userId, { data: { week_number: 3 } });
    await evaluateAll(account);

    const event = simulated(2, NOON + HOUR);
    const answer = await client.triggers.testTrigger({ triggerId, userId, event });

    expect(answer).toMatchObject({ matched: false, wouldEnroll: false, reason: VerdictReason.NOT_MATCHED });
    const failed = answer.stages.filter(({ passed }) => !passed);
    expect(failed.map(({ stage, values }) => [stage, { ...values }])).toEqual([
      ['filter', {}],
      [
        'policy',
        {
          enrolled_at: '2026-03-02T12:00:00.000000Z',
          cooldown_until: '2026-03-02T14:00:00.000000Z',
        },
      ],
      ['rate', { limit: '1', enrollments: '1', window_seconds: '7200' }],
      ['business_hours', { opens_at: '2026-03-09T12:00:00.000000Z', time_zone: 'UTC' }],
    ]);
  });

  test.each([
    { change: sql`update users set opted_out_at = now()`, reason: VerdictReason.OPTED_OUT },
    { change: sql`update users set deleted_at = now()`, reason: VerdictReason.SUBJECT_DELETED },
  ])('reports that the athlete cannot be enrolled (reason $reason)', async ({ change, reason }) => {
    const { triggerId } = await account.addWorkflow();
    await account.rows(change);

    expect(await client.triggers.testTrigger({ triggerId, userId, event: simulated(3) })).toMatchObject({
      matched: true,
      wouldEnroll: false,
      reason,
    });
  });

  test('reports an unreadable trigger as ERROR', async () => {
    const { triggerId } = await account.addWorkflow({ filters: { logic: 'XOR' } });

    const answer = await client.triggers.testTrigger({ triggerId, userId, event: simulated(3) });

    expect(answer).toMatchObject({ matched: false, wouldEnroll: false, reason: VerdictReason.ERROR });
    expect(answer.stages.at(-1)?.values.problem).toContain('filter.logic');
  });

  test('uses the sample of the event type and the trigger’s configuration when it has no data', async () => {
    const { triggerId } = await account.addWorkflow({
      event: 'tag_added',
      settings: { configuration: { tag: 'gold' } },
      filters: allOf({ field: 'tag', operator: 'equals', value: 'gold' }),
    });
    const event = { case: 'simulated' as const, value: {} };

    expect(await client.triggers.testTrigger({ triggerId, userId, event })).toMatchObject({
      wouldEnroll: true,
    });
  });

  test('compares the event with the trigger’s configuration', async () => {
    const { triggerId } = await account.addWorkflow({
      event: 'tag_added',
      settings: { configuration: { tag: 'gold' } },
    });
    const event = { case: 'simulated' as const, value: { data: { tag: 'silver' } } };

    const answer = await client.triggers.testTrigger({ triggerId, userId, event });

    expect(answer).toMatchObject({ matched: false, reason: VerdictReason.NOT_MATCHED });
    expect(answer.stages.find(({ stage }) => stage === 'candidate')).toMatchObject({ passed: false });
  });

  test('of a stored event ignores the enrollment that the event created', async () => {
    const { triggerId } = await account.addWorkflow({ settings: { cap: { count: 1, window: '86400s' } } });
    const [eventId = ''] = await account.emit(userId, { data: { week_number: 3 } });
    await evaluateAll(account);

    const answer = await client.triggers.testTrigger({
      triggerId,
      userId,
      event: { case: 'eventId', value: eventId },
    });

    expect(answer).toMatchObject({ matched: true, wouldEnroll: true });
    expect(answer.stages[0]).toMatchObject({
      stage: 'duplicate',
      passed: false,
      values: { decided: 'ENROLLED' },
    });
    expect((await logRows(account)).map(({ kind, event_id }) => [kind, event_id])).toEqual([
      ['LIVE', eventId],
      ['TEST', eventId],
    ]);
  });

  test('accepts an event that is not evaluated yet', async () => {
    const { triggerId } = await account.addWorkflow();
    const [value = ''] = await account.emit(userId, { data: { week_number: 3 } });

    const event = { case: 'eventId' as const, value };
    expect(await client.triggers.testTrigger({ triggerId, userId, event })).toMatchObject({ matched: true });
  });

  test('refuses unknown ids and invalid event data, and writes nothing', async () => {
    const { triggerId } = await account.addWorkflow();
    const other = await account.addAthlete();
    const [value = ''] = await account.emit(other, {});
    await evaluateAll(account);
    const { triggers } = client;
    const stranger = createAutomationClient(db.database).triggers;
    const event = simulated(3);
    await expect(stranger.testTrigger({ triggerId, userId, event })).rejects.toThrow(/trigger/);

    await expectUnchanged(db.database, async () => {
      await expect(triggers.testTrigger({ triggerId: uuidv7(), userId, event })).rejects.toThrow(/trigger/);
      await expect(triggers.testTrigger({ triggerId, userId: uuidv7(), event })).rejects.toThrow(/user/);
      await expect(
        triggers.testTrigger({ triggerId, userId, event: { case: 'eventId', value } }),
      ).rejects.toThrow(/event .* does not exist/);
      await expect(
        triggers.testTrigger({
          triggerId,
          userId,
          event: { case: 'simulated', value: { data: { week_number: 'three' } } },
        }),
      ).rejects.toThrow(/simulated.data.week_number/);
    });
  });
});
