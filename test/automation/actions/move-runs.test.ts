/** UpdateWorkflow and RollbackWorkflow with move_runs: which runs under way go on with the new version, with a real runner. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import type {
  WebhookAnswer,
  WebhookCall,
  WebhookPort,
} from '../../../src/automation/actions/webhook-port.ts';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import type { ActionSchema } from '../../../src/gen/automation/v1/action_pb.ts';
import {
  WorkflowEnrollmentState as State,
  type UpdateWorkflowRequestSchema,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import {
  type AutomationClient,
  addTag,
  createActiveWorkflow,
  createAutomationClient,
  type Literal,
  onTag,
} from '../../support/automation.ts';
import { auditOf, createUser, present, waitingSessions } from '../../support/catalog-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { evaluatorDeps } from '../evaluation/automated-account.ts';
import { createTestRunner, type TestRunner } from './runs.ts';
import { createTestClock, type TestClock } from './test-clock.ts';

type Step = Literal<MessageInitShape<typeof ActionSchema>>;

const db = useTestDatabase();
const HOUR_MS = 3_600_000;
let clock: TestClock;
let client: AutomationClient;
let runner: TestRunner;
/** The URLs of webhooks; those that end in `down` fail. */
let called: string[];

beforeEach(() => {
  clock = createTestClock();
  client = createAutomationClient(db.database, { clock: clock.now });
  called = [];
  const webhooks: WebhookPort = {
    async post({ url }: WebhookCall): Promise<WebhookAnswer> {
      called.push(url);
      return url.endsWith('down')
        ? { kind: 'TRY_AGAIN', reason: 'WEBHOOK_UNAVAILABLE' }
        : { kind: 'ACCEPTED' };
    },
  };
  runner = createTestRunner(db.database, { now: clock.now, webhooks });
});

const hook = (path: string): Step => ({
  action: { case: 'callWebhook', value: { url: `https://example.org/${path}` } },
});
const wait = (hours: number): Step => ({
  action: { case: 'wait', value: { wait: { case: 'duration', value: { seconds: BigInt(hours * 3600) } } } },
});

async function work(): Promise<void> {
  const evaluator = createEvaluator(evaluatorDeps(db.database, { clock: clock.now }));
  await evaluator.evaluatePartitions(client.accountId, [...Array(32).keys()]);
  await runner.runAll();
}

async function createWorkflow(actions: Step[]): Promise<string> {
  return (await createActiveWorkflow(client, { trigger: onTag('new'), actions })).id;
}

/** A run of a new athlete, as far as it gets now. */
async function start(): Promise<string> {
  const userId = await createUser(client);
  await client.users.updateUser({ userId, addTags: ['new'] });
  await work();
  return userId;
}

async function update(
  workflowId: string,
  change: Literal<MessageInitShape<typeof UpdateWorkflowRequestSchema>>,
) {
  const { etag } = present((await client.workflows.getWorkflow({ workflowId })).workflow);
  const { movedRunCount, keptRunCount } = await client.workflows.updateWorkflow({
    workflowId,
    etag,
    ...change,
  });
  return [movedRunCount, keptRunCount];
}

async function runOf(userId: string) {
  return present((await client.workflows.listWorkflowEnrollments({ userId })).enrollments[0]);
}

const versionOf = async (userId: string) => (await runOf(userId)).workflowVersion;
const tagsOf = async (userId: string) => (await client.users.getUser({ userId })).user?.tags;

describe('move_runs', () => {
  test('moves runs before the first changed step, and not those at it or behind it', async () => {
    const workflowId = await createWorkflow([wait(1), hook('down'), wait(1), addTag('old')]);
    const [at, paused] = [await start(), await start()];
    clock.advance(HOUR_MS);
    await client.workflows.pauseRun({ runId: (await runOf(paused)).id });
    await work();
    const before = await start();
    expect([await runOf(at), await runOf(before)]).toMatchObject([{ nextStep: 1 }, { nextStep: 0 }]);

    const actions = { actions: [wait(1), hook('up'), wait(1), addTag('new-end')] };
    expect(await update(workflowId, { actions, moveRuns: true })).toEqual([2, 1]);
    expect([await versionOf(before), await versionOf(paused), await versionOf(at)]).toEqual([3, 3, 2]);
    const entry = (await auditOf(db.database, client, workflowId)).at(-1);
    expect(entry).toMatchObject({
      action: 'UpdateWorkflow',
      after: { version: 3, movedRuns: 2, keptRuns: 1 },
    });

    called = [];
    await client.workflows.resumeRun({ runId: (await runOf(paused)).id });
    await work();
    clock.advance(HOUR_MS);
    await work();
    expect(called.sort()).toEqual([
      'https://example.org/down',
      'https://example.org/up',
      'https://example.org/up',
    ]);
    clock.advance(HOUR_MS);
    await work();
    expect(await tagsOf(before)).toEqual(['new', 'new-end']);
    expect(await runOf(before)).toMatchObject({ state: State.COMPLETED });
  });

  test('moves a run that waits, by the steps behind it, and keeps its time', async () => {
    const workflowId = await createWorkflow([addTag('a'), wait(2)]);
    const userId = await start();
    const { dueAt } = await runOf(userId);
    const actions = { actions: [addTag('a'), wait(2), addTag('added')] };

    expect(await update(workflowId, { actions, moveRuns: true })).toEqual([1, 0]);
    expect(await runOf(userId)).toMatchObject({ nextStep: 1, dueAt });
    clock.advance(2 * HOUR_MS);
    await work();
    expect(await tagsOf(userId)).toEqual(['new', 'a', 'added']);
  });

  test('moves a run that has not begun, even when its first step changes', async () => {
    const workflowId = await createWorkflow([addTag('old')]);
    const userId = await createUser(client);
    await client.users.updateUser({ userId, addTags: ['new'] });
    const evaluator = createEvaluator(evaluatorDeps(db.database, { clock: clock.now }));
    await evaluator.evaluatePartitions(client.accountId, [...Array(32).keys()]);
    expect(await runOf(userId)).toMatchObject({ state: State.TRIGGERED });

    expect(await update(workflowId, { actions: { actions: [addTag('fresh')] }, moveRuns: true })).toEqual([
      1, 0,
    ]);
    await work();
    expect(await tagsOf(userId)).toEqual(['new', 'fresh']);
  });

  test('gives moved runs the exits of the new version, while they wait for an event too', async () => {
    const awaiting: Step = {
      action: {
        case: 'waitForEvent',
        value: {
          ...{ eventType: 'tag_added', timeout: { seconds: 86_400n } },
          ...{ received: [addTag('received')] },
        },
      },
    };
    const workflowId = await createWorkflow([awaiting]);
    const [first, second] = [await start(), await start()];
    const exits = { exits: [{ eventType: 'tag_removed' }] };
    expect(await update(workflowId, { exits, moveRuns: true })).toEqual([2, 0]);
    expect(await listening(first)).toEqual([['tag_removed', 'tag_added']]);
    await update(workflowId, { exits: { exits: [] }, moveRuns: true });
    expect(await listening(first)).toEqual([['tag_added']]);
    await update(workflowId, { exits, moveRuns: true });

    await client.users.updateUser({ userId: first, addTags: ['came'] });
    await client.users.updateUser({ userId: second, removeTags: ['new'] });
    await work();
    expect(await tagsOf(first)).toEqual(['new', 'came', 'received']);
    expect(await runOf(second)).toMatchObject({ state: State.EXITED });
  });

  test('of RollbackWorkflow moves runs to what is rolled back to, by the steps that it changes', async () => {
    const workflowId = await createWorkflow([wait(1), addTag('first')]);
    const actions = { actions: [wait(1), hook('down'), addTag('second')] };
    await update(workflowId, { actions });
    const at = await start();
    clock.advance(HOUR_MS);
    await work();
    const early = await start();
    expect([await runOf(at), await runOf(early)]).toMatchObject([{ nextStep: 1 }, { nextStep: 0 }]);

    const { etag } = present((await client.workflows.getWorkflow({ workflowId })).workflow);
    const rolledBack = await client.workflows.rollbackWorkflow({
      ...{ workflowId, etag, version: 1, moveRuns: true },
    });

    expect(rolledBack).toMatchObject({ movedRunCount: 1, keptRunCount: 1, workflow: { version: 4 } });
    expect([await versionOf(early), await versionOf(at)]).toEqual([4, 3]);
    const entry = (await auditOf(db.database, client, workflowId)).at(-1);
    expect(entry).toMatchObject({ action: 'RollbackWorkflow', after: { movedRuns: 1, keptRuns: 1 } });
    clock.advance(HOUR_MS);
    await work();
    expect(await tagsOf(early)).toEqual(['new', 'first']);
  });

  test('leaves every run alone when it is not set', async () => {
    const workflowId = await createWorkflow([wait(1)]);
    const userId = await start();

    expect(await update(workflowId, { actions: { actions: [wait(1), addTag('x')] } })).toEqual([0, 0]);
    expect(await versionOf(userId)).toBe(2);
  });

  test('waits for a step that is being taken, and looks at where the run is then', async () => {
    const workflowId = await createWorkflow([wait(1), addTag('old')]);
    const userId = await start();
    const { call } = await db.database.transaction(client.accountId, async (tx) => {
      const where = sql`account_id = ${client.accountId} and user_id = ${userId}`;
      await sql`update workflow_enrollments set next_step = 1 where ${where}`.execute(tx.sql);
      const made = update(workflowId, { actions: { actions: [wait(1), addTag('other')] }, moveRuns: true });
      await expect.poll(() => waitingSessions(db.database)).toBe(1);
      return { call: made };
    });

    expect(await call).toEqual([0, 1]);
    expect(await versionOf(userId)).toBe(2);
  });
});

/** What each run of the athlete listens to. */
async function listening(userId: string): Promise<(string[] | null)[]> {
  const { rows } = await db.database.transaction(client.accountId, (tx) =>
    sql<{ listens_to: string[] | null }>`
      select listens_to from workflow_enrollments
      where account_id = ${client.accountId} and user_id = ${userId}`.execute(tx.sql),
  );
  return rows.map((row) => row.listens_to);
}
