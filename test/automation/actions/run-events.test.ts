/** Events tell of runs that end and of webhooks that fail, and of dead letters; none of them loops. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { createDeadLetterRetry } from '../../../src/automation/evaluation/retry-dead-letters.ts';
import { readRows } from '../../store/schema-dump.ts';
import { addTag, createActiveWorkflow, createAutomationClient, onTag } from '../../support/automation.ts';
import { useLongestBackoffs } from '../../support/backoff-share.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { createAthlete } from '../../support/fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import {
  createAutomatedAccount,
  evaluateAll,
  evaluatorDeps,
  HOUR,
  NOON,
} from '../evaluation/automated-account.ts';
import { type ActionInit, createTestRunner, insertRun, readRun, readRunEvents } from './runs.ts';
import { createTestClock } from './test-clock.ts';

const db = useTestDatabase();
useLongestBackoffs();

async function newRun(actions: readonly ActionInit[], now: () => bigint) {
  const athlete = await createAthlete(db.database, { lifts: {}, enrolled: false });
  return insertRun(db.database, { ...athlete, actions, now });
}

test('a run that completes is told of once, with the run as its cause', async () => {
  const clock = createTestClock();
  const run = await newRun([{ case: 'addTag', value: { tag: 'a' } }], clock.now);
  const none = await newRun([], clock.now);

  await createTestRunner(db.database, clock).runAll();

  const { workflowId, enrollmentId: run_id, cause } = run;
  expect(await readRunEvents(db.database, run.userId)).toMatchObject([
    { type: 'run_completed', data: { workflow_id: workflowId, run_id }, actor: 'AUTOMATION', cause },
  ]);
  expect(await readRunEvents(db.database, none.userId)).toMatchObject([{ type: 'run_completed' }]);
});

test('a webhook is told of at its third failure, and the run when it fails for good', async () => {
  const clock = createTestClock();
  const answer = { kind: 'TRY_AGAIN', reason: 'WEBHOOK_UNAVAILABLE', detail: 'the answer was 503' } as const;
  const value = { url: 'https://example.com/hook' };
  const run = await newRun([{ case: 'callWebhook', value }], clock.now);
  const runner = createTestRunner(db.database, {
    ...clock,
    webhooks: { post: async () => answer },
    limits: { stepTries: 4 },
  });
  for (let tries = 0; tries < 4; tries += 1) {
    await runner.runAll();
    clock.advance(2 * 3_600_000);
  }

  expect(await readRun(db.database, run)).toMatchObject({ state: 'FAILED' });
  const told = await readRunEvents(db.database, run.userId);
  const why = { reason: answer.reason, detail: answer.detail };
  expect(told.map(({ type, data }) => [type, data])).toEqual([
    ['webhook_failing', expect.objectContaining({ step: 0, tries: 3, ...why })],
    ['run_failed', expect.objectContaining({ step: 0, action: 'call_webhook', ...why })],
  ]);
});

test('workflows that react to completed runs start each other once, and not themselves', async () => {
  const client = createAutomationClient(db.database, { clock: () => NOON });
  const user = present((await client.users.createUser({ name: 'Ana' })).user);
  const settings = { policy: 3 } as const;
  const first = await createActiveWorkflow(client, { trigger: onTag('go'), actions: [addTag('first')] });
  const onRuns = { trigger: { triggerEvent: 'run_completed', settings }, actions: [addTag('told')] };
  const [one, other] = [
    await createActiveWorkflow(client, onRuns),
    await createActiveWorkflow(client, onRuns),
  ];
  await client.users.updateUser({ userId: user.id, addTags: ['go'] });
  const runner = createTestRunner(db.database, { now: () => NOON });
  const evaluator = createEvaluator(evaluatorDeps(db.database));
  let evaluated = 1;
  for (let turn = 0; turn < 20 && evaluated > 0; turn += 1) {
    evaluated = (await evaluator.evaluatePartitions(client.accountId, [...Array(32).keys()])).evaluated;
    await runner.runAll();
  }

  expect(evaluated).toBe(0);
  const runs = await readRows<{ workflow_id: string; count: number }>(
    db.database,
    sql`select workflow_id, count(*)::int as count from workflow_enrollments
      where account_id = ${client.accountId} group by 1`,
  );
  // Each of the two reacts to the first run, and to the other's reaction.
  expect(new Map(runs.map((row) => [row.workflow_id, row.count]))).toEqual(
    new Map([
      [first.id, 1],
      [one.id, 2],
      [other.id, 2],
    ]),
  );
});

test('a trigger that fails until its attempts are used up is told of, and not again for what tells of it', async () => {
  const account = await createAutomatedAccount(db.database);
  const userId = await account.addAthlete();
  const damaged = { logic: 'AND', conditions: 'none' };
  const { triggerId } = await account.addWorkflow({ filters: damaged });
  await account.addWorkflow({ event: 'dead_lettered', filters: damaged });
  const [eventId] = await account.emit(userId, {});
  await evaluateAll(account);
  for (let hours = 1n; hours < 40n; hours += 1n) {
    const limits = { triggerTries: 3 };
    const retry = createDeadLetterRetry(
      evaluatorDeps(db.database, { clock: () => NOON + hours * HOUR, limits }),
    );
    await retry.runOnce();
    await evaluateAll(account);
  }

  const told = await account.rows(
    sql<{ data: unknown }>`select data from events where type = 'dead_lettered'`,
  );
  expect(told).toMatchObject([
    {
      data: {
        event_id: eventId,
        event_type: 'session_completed',
        trigger_id: triggerId,
        reason: 'TRIGGER_UNREADABLE',
      },
    },
  ]);
  const letters = await account.rows(sql<{ state: string }>`select state from dead_letters`);
  expect(letters.map(({ state }) => state)).toEqual(['DEAD', 'DEAD']);
});
