/** ExplainEvent: explains verdicts with the values at the time of evaluation. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { VerdictReason } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { type AutomationClient, createAutomationClient } from '../../support/automation.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  type AutomatedAccount,
  allOf,
  createAutomatedAccount,
  evaluateAll,
  evaluatorDeps,
} from '../evaluation/automated-account.ts';

const db = useTestDatabase();
let account: AutomatedAccount;
let client: AutomationClient;
let userId: string;
beforeAll(async () => {});
beforeEach(async () => {
  account = await createAutomatedAccount(db.database);
  client = createAutomationClient(db.database, { accountId: account.accountId });
  userId = await account.addAthlete({ tags: ['vip'], attributes: { level: 4 }, birth_date: '1990-03-02' });
  await account.rows(sql`insert into field_definitions (account_id, path, type)
    values (${account.accountId}, 'custom.level', 'int')`);
});

/** One line of text per condition. */
async function explained(eventId: string): Promise<string[][]> {
  const { verdicts } = await client.triggers.explainEvent({ eventId });
  return verdicts.map(({ conditions }) =>
    conditions.map(({ field, actual, matched }) => {
      const value = actual?.kind.case === 'listValue' ? 'a list' : `${actual?.kind.value}`;
      return `${field} ${value} ${matched}`;
    }),
  );
}

describe('an explanation', () => {
  test('has the verdict of every candidate trigger, with the values that decided', async () => {
    const no = await account.addWorkflow({
      filters: allOf(
        { field: 'week_number', operator: 'equals', value: 3 },
        { field: 'custom.level', operator: 'greater_than', value: 3 },
      ),
    });
    const yes = await account.addWorkflow({
      filters: allOf({ field: 'tags', operator: 'contains', value: 'vip' }),
    });
    const [eventId = ''] = await account.emit(userId, { data: { week_number: 2 } });
    await evaluateAll(account);

    const answer = await client.triggers.explainEvent({ eventId });

    expect(answer.event).toMatchObject({
      id: eventId,
      type: 'session_completed',
      userId,
      rootEventId: eventId,
    });
    expect(answer.evaluatedAt).toBeDefined();
    const byTrigger = new Map(answer.verdicts.map((verdict) => [verdict.triggerId, verdict]));
    expect(byTrigger.get(no.triggerId)).toMatchObject({
      workflowId: no.workflowId,
      triggerVersion: 1,
      matched: false,
      enrolled: false,
      reason: VerdictReason.NOT_MATCHED,
    });
    expect(byTrigger.get(yes.triggerId)).toMatchObject({
      matched: true,
      enrolled: true,
      reason: VerdictReason.ENROLLED,
      values: { enrollment_id: expect.any(String) },
    });
    expect(new Set(await explained(eventId))).toEqual(
      new Set([['week_number 2 false', 'custom.level 4 true'], ['tags a list true']]),
    );
  });

  test('uses the values and the trigger version at the time of evaluation', async () => {
    const ids = await account.addWorkflow({
      filters: allOf(
        { field: 'custom.level', operator: 'equals', value: 4 },
        { field: 'birth_date', operator: 'month_is', value: 3 },
      ),
    });
    const [eventId = ''] = await account.emit(userId, {});
    await evaluateAll(account);
    await account.rows(sql`update users set attributes = '{"level": 9}', birth_date = null`);
    await account.changeTrigger(ids, { filters: {} });

    expect(await explained(eventId)).toEqual([['custom.level 4 true', 'birth_date 1••• true']]);
  });

  test('redacts personal data of the athlete, also in the stored outcomes', async () => {
    await account.addWorkflow({
      filters: allOf(
        { field: 'name', operator: 'contains', value: 'Silva' },
        { field: 'athlete.birth_date', operator: 'before', value: '1980-01-01' },
      ),
    });
    const [eventId = ''] = await account.emit(userId, {});
    await evaluateAll(account);

    expect(await explained(eventId)).toEqual([['name A••• true', 'athlete.birth_date 1••• false']]);
    const [row] = await account.rows(sql<{ outcomes: unknown }>`select outcomes from events`);
    expect(JSON.stringify(row?.outcomes)).not.toMatch(/Silva|1990/);
  });

  test('redacts personal data in the event', async () => {
    await account.addWorkflow({
      event: 'contact_created',
      filters: allOf({ field: 'name', operator: 'contains', value: 'Silva' }),
    });
    const [eventId = ''] = await account.emit(userId, {
      type: 'contact_created',
      data: { name: 'Ana Silva' },
    });
    await evaluateAll(account);

    expect(await explained(eventId)).toEqual([['name A••• true']]);
  });

  test('reads dates in the time zone at the time of evaluation', async () => {
    await account.rows(sql`update users set time_zone = 'Pacific/Kiritimati'`);
    await account.addWorkflow({
      filters: allOf({ field: 'custom.joined_on', operator: 'in_last', value: '1d' }),
    });
    await account.rows(sql`insert into field_definitions (account_id, path, type)
      values (${account.accountId}, 'custom.joined_on', 'date')`);
    await account.rows(sql`update users set attributes = '{"joined_on": "2026-03-03"}'`);
    const [eventId = ''] = await account.emit(userId, {});
    await evaluateAll(account);
    await account.rows(sql`update users set time_zone = 'UTC'`);

    expect(await explained(eventId)).toEqual([['custom.joined_on 2026-03-03 true']]);
  });

  test.each([
    { name: 'that the index ruled out', field: 'week_number' },
    { name: 'whose filters did not match', field: 'custom.level' },
  ])('leaves out triggers $name when there are more than explainedTriggers', async ({ field }) => {
    const one = await account.addWorkflow({ filters: allOf({ field, operator: 'equals', value: 4 }) });
    await account.addWorkflow({ filters: allOf({ field, operator: 'equals', value: 5 }) });
    const damaged = await account.addWorkflow({ filters: { logic: 'XOR' } });
    const [eventId = ''] = await account.emit(userId, { data: { week_number: 4 } });
    const limits = { explainedTriggers: 1 };
    await evaluateAll(account, createEvaluator(evaluatorDeps(db.database, { limits })));

    const { verdicts } = await client.triggers.explainEvent({ eventId });
    expect(new Set(verdicts.map(({ triggerId }) => triggerId))).toEqual(
      new Set([one.triggerId, damaged.triggerId]),
    );
  });

  test('of an event that is not evaluated has no verdicts and no time of evaluation', async () => {
    await account.addWorkflow();
    const [eventId = ''] = await account.emit(userId, { data: { week_number: 2 } });

    const answer = await client.triggers.explainEvent({ eventId });

    expect(answer).toMatchObject({ event: { id: eventId, data: { week_number: 2 } }, verdicts: [] });
    expect(answer.evaluatedAt).toBeUndefined();
  });

  test('contains the problem of a failed trigger', async () => {
    await account.addWorkflow({ filters: { logic: 'XOR' } });
    const [eventId = ''] = await account.emit(userId, {});
    await evaluateAll(account);

    expect((await client.triggers.explainEvent({ eventId })).verdicts).toMatchObject([
      { reason: VerdictReason.ERROR, conditions: [], values: { problem: expect.stringContaining('logic') } },
    ]);
  });

  test('is not available for an event of another account', async () => {
    const [eventId = ''] = await account.emit(userId, {});
    await evaluateAll(account);
    const stranger = createAutomationClient(db.database);

    await expect(stranger.triggers.explainEvent({ eventId })).rejects.toThrow(/does not exist/);
    await expect(client.triggers.explainEvent({ eventId: uuidv7() })).rejects.toThrow(/does not exist/);
  });
});
