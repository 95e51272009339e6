/** GetWorkflowStats, over runs that a real evaluator and runner made. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import type { Limits } from '../../../src/config/config.ts';
import { instantToTimestamp } from '../../../src/values/instant.ts';
import { readRows } from '../../store/schema-dump.ts';
import {
  type AutomationClient,
  addTag,
  createActiveWorkflow,
  createAutomationClient,
  onTag,
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { looksOf } from '../../support/statement-plans.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { openWatchedDatabase } from '../../support/watched-statements.ts';
import { createTestRunner, insertRun, type TestRunner } from '../actions/runs.ts';
import { createTestClock, type TestClock } from '../actions/test-clock.ts';
import { evaluatorDeps } from '../evaluation/automated-account.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const db = useTestDatabase();
let clock: TestClock;
let client: AutomationClient;
let runner: TestRunner;
beforeEach(() => {
  clock = createTestClock();
  client = createAutomationClient(db.database, { clock: clock.now });
  runner = createTestRunner(db.database, {
    now: clock.now,
    webhooks: { post: async () => ({ kind: 'REFUSED', reason: 'WEBHOOK_REFUSED' }) },
  });
});

async function work(): Promise<void> {
  const evaluator = createEvaluator(evaluatorDeps(db.database, { clock: clock.now }));
  for (let left = 1; left > 0; ) {
    left = (await evaluator.evaluatePartitions(client.accountId, [...Array(32).keys()])).evaluated;
  }
  await runner.runAll();
}

const waitHours = (hours: number) =>
  ({
    name: `wait_${hours}`,
    action: { case: 'wait', value: { wait: { case: 'duration', value: { seconds: BigInt(hours * 3600) } } } },
  }) as const;

/** Ends when the athlete gets the tag `done`; a webhook fails for those with the tag `fails`. */
async function createRescue(): Promise<string> {
  const then = [{ action: { case: 'callWebhook' as const, value: { url: 'https://example.com/hook' } } }];
  const filter = { conditions: [{ field: 'athlete.tags', operator: 'contains', value: text('fails') }] };
  const made = await createActiveWorkflow(client, {
    trigger: onTag('start'),
    actions: [
      { action: { case: 'branch', value: { filter, then } } },
      waitHours(1),
      waitHours(2),
      addTag('end'),
    ],
    exits: [
      {
        eventType: 'tag_added',
        filter: { conditions: [{ field: 'tag', operator: 'equals', value: text('done') }] },
      },
    ],
  });
  return made.id;
}

const text = (value: string) => ({ kind: { case: 'stringValue', value } }) as const;

/** The athletes, who have the tags from before. */
async function enter(count: number, tags: string[] = []): Promise<string[]> {
  const userIds: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const userId = present((await client.users.createUser({ name: 'Ana' })).user).id;
    await client.users.updateUser({ userId, addTags: [...tags, 'start'] });
    userIds.push(userId);
  }
  await work();
  clock.advance(1);
  return userIds;
}

describe('the statistics of a workflow', () => {
  test('count what became of the runs of each day, and how long half of the completed ones took', async () => {
    const workflowId = await createRescue();
    const [first] = await enter(3);
    await enter(1, ['fails']);
    clock.advance(HOUR_MS);
    await work();
    await client.users.updateUser({ userId: present(first), addTags: ['done'] });
    await work();
    const { enrollments } = await client.workflows.listWorkflowEnrollments({ workflowId, state: 2 });
    await client.workflows.cancelRun({ runId: present(enrollments[0]).id });
    clock.advance(2 * HOUR_MS);
    await work();
    clock.advance(DAY_MS);
    await enter(2);

    const { days, total, countedFrom } = await client.workflows.getWorkflowStats({ workflowId });

    expect(days.map(({ date }) => date)).toHaveLength(30);
    expect(days.slice(-3)).toMatchObject([
      { date: '2026-11-19', counts: { entered: 0n } },
      {
        date: '2026-11-20',
        counts: {
          ...{ entered: 4n, open: 0n, completed: 1n, failed: 1n, exited: 1n, cancelled: 1n },
          medianTimeToComplete: { seconds: 10_800n, nanos: 2_000_000 },
        },
      },
      { date: '2026-11-21', counts: { entered: 2n, open: 2n, completed: 0n } },
    ]);
    expect(days.at(-1)?.counts?.medianTimeToComplete).toBeUndefined();
    expect(total).toMatchObject({
      entered: 6n,
      open: 2n,
      completed: 1n,
      failed: 1n,
      exited: 1n,
      cancelled: 1n,
    });
    expect(countedFrom).toBeUndefined();
  });

  test('tell the versions apart, and the steps at which runs are now, whenever they began', async () => {
    const workflowId = await createRescue();
    await enter(2);
    clock.advance(HOUR_MS);
    await work();
    const later = instantToTimestamp(clock.now());
    await enter(1);
    const workflow = present((await client.workflows.getWorkflow({ workflowId })).workflow);
    const { etag } = workflow;
    await client.workflows.updateWorkflow({
      workflowId,
      etag,
      actions: { actions: [addTag('x'), waitHours(9)] },
    });
    await enter(1);
    const [first, second] = [workflow.version, workflow.version + 1];

    const all = await client.workflows.getWorkflowStats({ workflowId });
    const young = await client.workflows.getWorkflowStats({ workflowId, startTime: later });

    expect(all.versions).toMatchObject([
      { version: second, counts: { entered: 1n, open: 1n } },
      { version: first, counts: { entered: 3n, open: 3n } },
    ]);
    const atSteps = [
      { version: second, step: 1, path: 'actions[1]', name: 'wait_9', runs: 1n },
      { version: first, step: 2, path: 'actions[1]', name: 'wait_1', runs: 1n },
      { version: first, step: 3, path: 'actions[2]', name: 'wait_2', runs: 2n },
    ];
    expect(all).toMatchObject({ atSteps, atStepsIncomplete: false });
    expect(young).toMatchObject({ total: { entered: 2n }, atSteps });
  });

  test('read a bounded number of runs, the latest, and say so', async () => {
    const userId = present((await client.users.createUser({ name: 'Ana' })).user).id;
    const run = { accountId: client.accountId, userId, actions: [addTag('x').action], now: clock.now };
    const { workflowId } = await insertRun(db.database, run);
    clock.advance(1);
    for (let index = 0; index < 3; index += 1) {
      await insertRun(db.database, { ...run, workflowId });
    }
    clock.advance(1);
    const read = (statisticsRows: number) => {
      const limits: Partial<Limits> = { statisticsRows };
      const { accountId } = client;
      const { workflows } = createAutomationClient(db.database, { accountId, clock: clock.now, limits });
      return workflows.getWorkflowStats({ workflowId });
    };

    expect(await read(4)).toMatchObject({
      total: { entered: 4n },
      atSteps: [{ runs: 4n }],
      atStepsIncomplete: false,
    });
    const latest = await read(3);
    expect(latest).toMatchObject({ total: { entered: 3n }, atStepsIncomplete: true });
    expect(latest.countedFrom).toMatchObject(instantToTimestamp(clock.now() - 1999n));
  });

  test('are read by index, whatever the number of other runs is', async () => {
    const userId = present((await client.users.createUser({ name: 'Ana' })).user).id;
    const run = { accountId: client.accountId, userId, actions: [addTag('x').action], now: clock.now };
    const { workflowId } = await insertRun(db.database, run);
    await readRows(
      db.database,
      sql`insert into workflow_enrollments (account_id, id, workflow_id, workflow_version, trigger_id, trigger_version,
            user_id, cause, state, enrolled_at, recorded_at, ended_at)
          select account_id, gen_random_uuid(), workflow_id, 1, trigger_id, 1, user_id, cause, 'COMPLETED', now(),
            now() - n * interval '1 minute', now()
          from workflow_enrollments, generate_series(1, 20000) n where workflow_id = ${workflowId}`,
    );
    await readRows(db.database, sql`analyze workflow_enrollments`);
    const watched = openWatchedDatabase(db);
    const { workflows } = createAutomationClient(watched.database, {
      accountId: client.accountId,
      clock: clock.now,
    });

    watched.taken();
    await workflows.getWorkflowStats({ workflowId });

    const looks: string[] = [];
    for (const statement of watched.taken().filter((each) => /from workflow_enrollments/.test(each))) {
      looks.push(...(await looksOf(db.database, statement, 'workflow_enrollments')));
    }
    await watched.database.close();
    expect(looks).toEqual([
      expect.stringMatching(/^workflow_enrollments_by_workflow: .*workflow_id.*recorded_at/),
      expect.stringMatching(/^workflow_enrollments_by_workflow: .*workflow_id.*recorded_at/),
      expect.stringMatching(/^open_runs_by_step: .*workflow_id/),
    ]);
  });

  test('are refused for an unknown workflow, and for a period that is too long or ends before it starts', async () => {
    const { workflows } = client;
    await expectRefusal(workflows.getWorkflowStats({ workflowId: uuidv7() }), 'WORKFLOW_NOT_FOUND');
    const workflowId = await createRescue();
    await expectRefusal(
      createAutomationClient(db.database).workflows.getWorkflowStats({ workflowId }),
      'WORKFLOW_NOT_FOUND',
    );
    const now = clock.now();
    for (const startTime of [now, now - BigInt(93 * DAY_MS) * 1000n].map(instantToTimestamp)) {
      const call = workflows.getWorkflowStats({ workflowId, startTime });
      await expectRefusal(call, 'VALIDATION_FAILED', ['start_time']);
    }
  });
});
