/** Waits for events, and exits: what wakes a run, what ends it, and what does neither. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { createReleaser } from '../../../src/automation/evaluation/release-queued-enrollments.ts';
import type { ActionSchema } from '../../../src/gen/automation/v1/action_pb.ts';
import { WorkflowEnrollmentState as State } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import {
  type AutomationClient,
  addTag,
  condition,
  createActiveWorkflow,
  createAutomationClient,
  createWorkflow,
  onTag,
  type WorkflowInit,
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { evaluatorDeps } from '../evaluation/automated-account.ts';
import { createTestRunner, type TestRunner } from './runs.ts';
import { createTestClock, type TestClock } from './test-clock.ts';

type Step = Extract<MessageInitShape<typeof ActionSchema>, { $typeName?: undefined }>;

const db = useTestDatabase();
const DAY_MS = 86_400_000;
let clock: TestClock;
let client: AutomationClient;
let runner: TestRunner;
let userId: string;

beforeEach(async () => {
  clock = createTestClock();
  client = createAutomationClient(db.database, { clock: clock.now });
  runner = createTestRunner(db.database, { now: clock.now });
  userId = present((await client.users.createUser({ name: 'Ana' })).user).id;
});

const tagged = (tag: string) => ({
  eventType: 'tag.added',
  filter: { conditions: [condition('tag', 'equals', tag)] },
});
const waitFor = (tag: string, more: { received?: Step[]; timedOut?: Step[] } = {}): Step => ({
  action: { case: 'waitForEvent', value: { ...tagged(tag), timeout: { seconds: 86_400n }, ...more } },
});
const pause = (seconds: bigint): Step => ({
  action: { case: 'wait', value: { wait: { case: 'duration', value: { seconds } } } },
});

const start = (actions: Step[], more: WorkflowInit = {}) =>
  createActiveWorkflow(client, { trigger: onTag('start'), actions, ...more });
const tag = (...addTags: string[]) => client.users.updateUser({ userId, addTags });

async function evaluate(): Promise<void> {
  const evaluator = createEvaluator(evaluatorDeps(db.database, { clock: clock.now }));
  for (let left = 1; left > 0; ) {
    left = (await evaluator.evaluatePartitions(client.accountId, [...Array(32).keys()])).evaluated;
  }
}

async function work(): Promise<void> {
  await evaluate();
  await runner.runAll();
  expect(runner.errors).toEqual([]);
}

async function readRun(workflowId: string) {
  const { enrollments } = await client.workflows.listWorkflowEnrollments({ workflowId });
  expect(enrollments).toHaveLength(1);
  return present(enrollments[0]);
}

const tags = async () => present((await client.users.getUser({ userId })).user).tags;

describe('a wait for an event', () => {
  test('goes on with received when the event comes, with timed_out when it does not', async () => {
    const actions = () => [
      waitFor('yes', { received: [addTag('r')], timedOut: [addTag('t')] }),
      addTag('end'),
    ];
    const [first, second] = [
      await start(actions()),
      await start([waitFor('no', { timedOut: [addTag('u')] })]),
    ];
    await tag('start');
    await work();
    expect(await readRun(first.id)).toMatchObject({
      state: State.ACTIVE,
      nextStep: 0,
      steps: [{ taken: '' }],
    });

    clock.advance(DAY_MS / 2);
    await tag('other');
    await work();
    expect(await readRun(first.id)).toMatchObject({ state: State.ACTIVE });
    await tag('yes');
    await work();

    expect(await readRun(first.id)).toMatchObject({
      state: State.COMPLETED,
      steps: [
        { action: 'wait_for_event', taken: 'received' },
        { path: 'actions[0].wait_for_event.received[0]' },
        {},
      ],
    });
    expect(await readRun(second.id)).toMatchObject({ state: State.ACTIVE });
    clock.advance(DAY_MS / 2);
    await work();
    await tag('no');
    await work();
    expect(await readRun(second.id)).toMatchObject({
      state: State.COMPLETED,
      steps: [{ taken: 'timed_out' }, { path: 'actions[0].wait_for_event.timed_out[0]' }],
    });
    expect(await tags()).toEqual(['start', 'other', 'yes', 'r', 'end', 'u', 'no']);
  });

  test('counts an event that was evaluated after the run reached the step, before it listened', async () => {
    const { id } = await start([waitFor('yes', { received: [addTag('r')] })]);
    await tag('start');
    await evaluate();
    await tag('yes');
    await evaluate();

    await runner.runAll();

    expect(await readRun(id)).toMatchObject({ state: State.COMPLETED, steps: [{ taken: 'received' }, {}] });
  });

  test('counts an event of the batch that started the run when it comes after its start, not before', async () => {
    const { id } = await start([waitFor('yes')]);
    const late = await start([waitFor('early')]);
    await tag('early', 'start', 'yes');
    await work();
    expect(await readRun(id)).toMatchObject({ state: State.COMPLETED, steps: [{ taken: 'received' }] });
    expect(await readRun(late.id)).toMatchObject({ state: State.ACTIVE });
  });

  test('hears an event while the run is paused, and goes on when it is resumed', async () => {
    const { id } = await start([waitFor('yes', { received: [addTag('r')] })]);
    await tag('start');
    await work();
    const { id: runId } = await readRun(id);
    await client.workflows.pauseRun({ runId });
    await tag('yes');
    await work();
    expect(await readRun(id)).toMatchObject({ state: State.PAUSED, nextStep: 0 });
    clock.advance(2 * DAY_MS);
    await client.workflows.resumeRun({ runId });
    await work();
    expect(await tags()).toContain('r');
  });

  test('reads the athlete as of the event', async () => {
    const filter = { conditions: [condition('athlete.tags', 'contains', 'vip')] };
    const { id } = await start([
      {
        action: {
          case: 'waitForEvent',
          value: { eventType: 'tag_added', filter, timeout: { seconds: 60n } },
        },
      },
    ]);
    await tag('start');
    await work();
    await tag('plain');
    await work();
    expect(await readRun(id)).toMatchObject({ state: State.ACTIVE });
    await tag('vip');
    await work();
    expect(await readRun(id)).toMatchObject({ state: State.COMPLETED });
  });

  test('of another athlete hears nothing', async () => {
    const { id } = await start([waitFor('yes')]);
    await tag('start');
    await work();
    const other = present((await client.users.createUser({ name: 'Bo' })).user).id;
    await client.users.updateUser({ userId: other, addTags: ['yes'] });
    await work();
    expect(await readRun(id)).toMatchObject({ state: State.ACTIVE });
  });
});

describe('an exit', () => {
  const exits = [tagged('done')];

  test('ends a run at a wait, while it is paused, and within a branch that waits', async () => {
    const workflows = [
      await start([pause(60n), addTag('x')], { exits }),
      await start([pause(60n), addTag('x')], { exits }),
      await start([waitFor('never', { received: [addTag('x')] }), addTag('x')], { exits }),
      await start([pause(60n), addTag('y')]),
    ];
    await tag('start');
    await work();
    const paused = await readRun(present(workflows[1]).id);
    await client.workflows.pauseRun({ runId: paused.id });
    await tag('other');
    await work();
    expect(await readRun(present(workflows[0]).id)).toMatchObject({ state: State.ACTIVE });

    await tag('done');
    await work();

    for (const { id } of workflows.slice(0, 3)) {
      const run = await readRun(id);
      expect(run).toMatchObject({ state: State.EXITED, endedReason: 'GOAL_REACHED' });
      expect(run.dueAt).toBeUndefined();
      await expectRefusal(client.workflows.resumeRun({ runId: run.id }), 'RUN_STATE');
    }
    clock.advance(2 * DAY_MS);
    await work();
    expect(await tags()).toEqual(['start', 'other', 'done', 'y']);
  });

  test('ends a run that its own batch started, when the goal comes after the start', async () => {
    const before = await start([pause(60n)], { exits: [tagged('early')] });
    const after = await start([pause(60n)], { exits: [tagged('late')] });
    await tag('early', 'start', 'late');
    await work();
    expect(await readRun(before.id)).toMatchObject({ state: State.ACTIVE });
    expect(await readRun(after.id)).toMatchObject({ state: State.EXITED, steps: [] });
  });

  test('lets the athlete enter again: a run that has ended is not active', async () => {
    const trigger = onTag('start', { settings: { policy: 2, configuration: { tag: 'start' } } });
    const { id } = await start([pause(60n)], { exits, trigger });
    await tag('start');
    await work();
    await tag('done');
    await work();
    await client.users.updateUser({ userId, removeTags: ['start'] });
    await tag('start');
    await work();
    const { enrollments } = await client.workflows.listWorkflowEnrollments({ workflowId: id });
    expect(enrollments.map(({ state }) => state)).toEqual([State.ACTIVE, State.EXITED]);
  });

  test('ends a run that waits for business hours, which returns its slot in the cap', async () => {
    const settings = {
      configuration: { tag: 'start' },
      cap: { name: 'rescues', count: 1, window: { seconds: 864_000n } },
      businessHours: {
        timeZone: 'UTC',
        intervals: [{ weekday: 1 as const, opens: '00:00', closes: '00:01' }],
      },
    };
    const { id } = await start([addTag('x')], { exits, trigger: onTag('start', { settings }) });
    await tag('start');
    await work();
    expect(await readRun(id)).toMatchObject({ state: State.QUEUED });

    await tag('done');
    await work();

    expect(await readRun(id)).toMatchObject({ state: State.EXITED });
    const counts = await db.database.transaction(client.accountId, (tx) =>
      sql<{ count: number }>`select count from enrollment_caps where account_id = ${tx.accountId}`.execute(
        tx.sql,
      ),
    );
    expect(counts.rows).toEqual([{ count: 0 }]);
    clock.advance(8 * DAY_MS);
    await createReleaser(evaluatorDeps(db.database, { clock: clock.now })).runOnce();
    await work();
    expect(await tags()).not.toContain('x');
  });

  test('counts for runs by the version with which they started, and in answers, copies and templates', async () => {
    const made = await start([pause(60n)], { exits });
    expect(made.exits).toMatchObject([{ eventType: 'tag_added' }]);
    const copy = await createWorkflow(client, { exits: made.exits });
    expect(copy.exits).toEqual(made.exits);
    await tag('start');
    await work();
    const { workflow } = await client.workflows.updateWorkflow({
      ...{ workflowId: made.id, etag: made.etag },
      exits: { exits: [] },
    });
    expect(present(workflow)).toMatchObject({ exits: [], actions: made.actions });

    await tag('done');
    await work();

    expect(await readRun(made.id)).toMatchObject({ state: State.EXITED });
    const { templates } = await client.workflows.listTemplates({});
    expect(templates.find(({ slug }) => slug === 'drop-off-rescue')?.exits).toMatchObject([
      { eventType: 'session_completed' },
    ]);
  });
});

describe('what a run may listen to', () => {
  const wait = (value: object): Step => ({ action: { case: 'waitForEvent', value } });
  const timeout = { seconds: 60n };

  test.each<[string, WorkflowInit, string[]]>([
    [
      'an unknown event',
      { actions: [wait({ eventType: 'nothing', timeout })] },
      ['actions[0].wait_for_event.event_type'],
    ],
    ['an event of time', { exits: [{ eventType: 'birthday' }] }, ['exits[0].event_type']],
    [
      'no longest time',
      { actions: [wait({ eventType: 'tag_added' })] },
      ['actions[0].wait_for_event.timeout'],
    ],
    [
      'a longest time of years',
      { actions: [wait({ eventType: 'tag_added', timeout: { seconds: 1n << 30n } })] },
      ['actions[0].wait_for_event.timeout'],
    ],
    [
      'a field that the awaited event lacks',
      {
        actions: [
          wait({
            eventType: 'tag_added',
            timeout,
            filter: { conditions: [condition('week_number', 'equals', 1)] },
          }),
        ],
      },
      ['actions[0].wait_for_event.filter.conditions[0].field'],
    ],
    ['11 exits', { exits: Array(11).fill({ eventType: 'tag_added' }) }, ['exits']],
  ])('is refused with %s', async (_name, init, fields) => {
    await expectRefusal(createWorkflow(client, init), 'VALIDATION_FAILED', fields);
  });

  test('makes a loop behind a wait possible, no longer certain, when the workflow has exits', async () => {
    const actions = [pause(60n), addTag('start')];
    const certain = await createWorkflow(client, { trigger: onTag('start'), actions });
    await expectRefusal(client.workflows.activateWorkflow({ workflowId: certain.id }), 'TRIGGER_LOOP');
    const exits = [tagged('done')];
    const open = await createWorkflow(client, { trigger: onTag('start'), actions, exits });
    const { warnings } = await client.workflows.activateWorkflow({ workflowId: open.id });
    expect(warnings.map(({ reason }) => reason)).toEqual(['POSSIBLE_TRIGGER_LOOP']);
    const atOnce = await createWorkflow(client, {
      trigger: onTag('start'),
      actions: actions.toReversed(),
      exits,
    });
    await expectRefusal(client.workflows.activateWorkflow({ workflowId: atOnce.id }), 'TRIGGER_LOOP');
  });
});
