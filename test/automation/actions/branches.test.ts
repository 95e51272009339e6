/** Branches and splits: which steps a run takes, what it answers of them, and which trees are refused. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, test } from 'vitest';
import type { WebhookAnswer } from '../../../src/automation/actions/webhook-port.ts';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
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
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { evaluatorDeps } from '../evaluation/automated-account.ts';
import { createTestRunner, insertRun, readRun, type TestRunner } from './runs.ts';
import { createTestClock, type TestClock } from './test-clock.ts';

type Step = Extract<MessageInitShape<typeof ActionSchema>, { $typeName?: undefined }>;

const db = useTestDatabase();
let client: AutomationClient;
let runner: TestRunner;
let answer: WebhookAnswer;
let now: TestClock['now'];

beforeEach(() => {
  ({ now } = createTestClock());
  client = createAutomationClient(db.database, { clock: now });
  answer = { kind: 'ACCEPTED' };
  runner = createTestRunner(db.database, { now, webhooks: { post: async () => answer } });
});

const branch = (conditions: ReturnType<typeof condition>[], then: Step[], otherwise: Step[] = []): Step => ({
  action: { case: 'branch', value: { filter: { conditions }, then, else: otherwise } },
});
const split = (...paths: [name: string, percent: number, actions: Step[]][]): Step => ({
  action: {
    case: 'split',
    value: { paths: paths.map(([name, percent, actions]) => ({ name, percent, actions })) },
  },
});
const named = (name: string, step: Step): Step => ({ ...step, name });
const hasTag = (tag: string) => condition('athlete.tags', 'contains', tag);

async function newAthlete(tags: string[] = []): Promise<string> {
  const { user } = await client.users.createUser({ name: 'Ana' });
  const userId = present(user).id;
  await client.users.updateUser({ userId, addTags: tags });
  return userId;
}

/** Starts the workflow for the athletes, and runs it to its end. */
async function run(workflowId: string, userIds: string[]) {
  for (const userId of userIds) {
    await client.users.updateUser({ userId, addTags: ['start'] });
  }
  const evaluator = createEvaluator(evaluatorDeps(db.database, { clock: now }));
  for (let left = 1; left > 0; ) {
    left = (await evaluator.evaluatePartitions(client.accountId, [...Array(32).keys()])).evaluated;
  }
  await runner.runAll();
  expect(runner.errors).toEqual([]);
  const { enrollments } = await client.workflows.listWorkflowEnrollments({ workflowId, pageSize: 100 });
  return userIds.map((userId) => present(enrollments.find((each) => each.userId === userId)));
}

const start = (actions: Step[]) =>
  createActiveWorkflow(client, { trigger: onTag('start'), actions: actions });
const tagsOf = async (userId: string) => present((await client.users.getUser({ userId })).user).tags;

describe('a branch', () => {
  test('takes then when its filter matches the athlete, else otherwise, and goes on behind itself', async () => {
    const { id } = await start([
      branch([hasTag('vip')], [addTag('a'), branch([hasTag('a')], [addTag('b')])], [addTag('c')]),
      addTag('end'),
    ]);
    const [vip, other] = [await newAthlete(['vip']), await newAthlete()];

    const [first, second] = await run(id, [vip, other]);

    expect(await tagsOf(vip)).toEqual(['vip', 'start', 'a', 'b', 'end']);
    expect(await tagsOf(other)).toEqual(['start', 'c', 'end']);
    expect(first).toMatchObject({ state: State.COMPLETED, nextStep: 6 });
    expect(first?.steps.map(({ step, path, taken }) => [step, path, taken])).toEqual([
      [0, 'actions[0]', 'then'],
      [1, 'actions[0].branch.then[0]', ''],
      [2, 'actions[0].branch.then[1]', 'then'],
      [3, 'actions[0].branch.then[1].branch.then[0]', ''],
      [5, 'actions[1]', ''],
    ]);
    expect(second?.steps.map(({ step, action, taken }) => [step, action, taken])).toEqual([
      [0, 'branch', 'else'],
      [4, 'add_tag', ''],
      [5, 'add_tag', ''],
    ]);
  });

  test('reads the event that started the run, also where a list is empty', async () => {
    const { id } = await start([
      branch([condition('tag', 'equals', 'start'), condition('actor', 'equals', 'COACH')], []),
      branch([condition('tag', 'equals', 'other')], [addTag('wrong')]),
      branch([condition('training.sessions_7_days', 'equals', 0)], []),
    ]);
    const userId = await newAthlete();

    const [made] = await run(id, [userId]);

    expect(made?.steps.map(({ taken }) => taken)).toEqual(['then', 'else', 'then']);
    expect(await tagsOf(userId)).toEqual(['start']);
  });

  test('reads the results of earlier steps by name; of steps that were not reached it reads nothing', async () => {
    const { id } = await start([
      named('mark', addTag('vip')),
      named(
        'way',
        branch([condition('steps.mark.outcome', 'equals', 'NO_CHANGE')], [], [named('skipped', addTag('x'))]),
      ),
      branch(
        [condition('steps.skipped.outcome', 'is_empty'), condition('steps.way.taken', 'equals', 'then')],
        [addTag('right')],
      ),
    ]);
    const userId = await newAthlete(['vip']);

    await run(id, [userId]);

    expect(await tagsOf(userId)).toEqual(['vip', 'start', 'right']);
  });

  test('is not evaluated again by RetryRun: the run goes on in the list that it took', async () => {
    const hook: Step = { action: { case: 'callWebhook', value: { url: 'https://example.com/hook' } } };
    const { id } = await start([branch([hasTag('vip')], [hook, addTag('then')], [addTag('else')])]);
    const userId = await newAthlete(['vip']);
    answer = { kind: 'REFUSED', reason: 'WEBHOOK_REFUSED' };
    const [failed] = await run(id, [userId]);
    expect(failed).toMatchObject({ state: State.FAILED, nextStep: 1 });

    answer = { kind: 'ACCEPTED' };
    await client.users.updateUser({ userId, removeTags: ['vip'] });
    await client.workflows.retryRun({ runId: present(failed).id });
    await runner.runAll();

    expect(await tagsOf(userId)).toEqual(['start', 'then']);
  });

  test('fails its run when the event no longer has the field that it reads', async () => {
    const { accountId } = client;
    const gone = branch([condition('gone', 'equals', 'x')], [addTag('a')]);
    const actions = [present(gone.action)];
    const made = await insertRun(db.database, { accountId, userId: await newAthlete(), actions, now });
    await runner.runAll();
    const read = await readRun(db.database, made);
    expect(read).toMatchObject({ state: 'FAILED', endedReason: 'FILTER_UNREADABLE' });
  });
});

describe('a split', () => {
  test('gives each athlete one path, the same each time, in about its shares', async () => {
    const paths = () => split(['a', 20, [addTag('a')]], ['b', 80, [addTag('b')]]);
    const [first, second] = [
      await start([named('test', paths())]),
      await start([addTag('x'), named('test', paths())]),
    ];
    const userIds = await Promise.all(Array.from({ length: 30 }, () => newAthlete()));

    const runs = await run(first.id, userIds);

    const taken = runs.map(({ steps }) => present(steps[0]).taken);
    const inA = taken.filter((name) => name === 'a').length;
    expect(inA).toBeGreaterThan(0);
    expect(inA).toBeLessThan(20);
    for (const [index, userId] of userIds.entries()) {
      expect(await tagsOf(userId)).toContain(taken[index]);
    }
    // Another workflow divides them anew, so that the shares of two tests are independent.
    const { enrollments } = await client.workflows.listWorkflowEnrollments({
      workflowId: second.id,
      pageSize: 100,
    });
    const others = userIds.map(
      (userId) => present(enrollments.find((each) => each.userId === userId)).steps[1]?.taken,
    );
    expect(others).not.toEqual(taken);
  });
});

describe('a tree of steps', () => {
  const nested = (depth: number): Step =>
    depth === 0 ? addTag('x') : branch([hasTag('vip')], [nested(depth - 1)]);

  test.each<[string, Step[], string[]]>([
    [
      '51 steps, those within branches counted',
      [branch([hasTag('a')], Array(50).fill(addTag('x')))],
      ['actions'],
    ],
    ['branches 5 deep', [nested(5)], [`actions[0]${'.branch.then[0]'.repeat(5)}`]],
    [
      'a name that is used twice',
      [named('a', addTag('x')), branch([hasTag('a')], [named('a', addTag('y'))])],
      ['actions[1].branch.then[0].name'],
    ],
    ['a name with a capital', [named('Mark', addTag('x'))], ['actions[0].name']],
    [
      'an action within a branch that is not valid',
      [branch([hasTag('a')], [], [addTag(' ')])],
      ['actions[0].branch.else[0].add_tag.tag'],
    ],
    [
      'a field that neither event nor athlete has',
      [branch([condition('week_number', 'equals', 1)], [])],
      ['actions[0].branch.filter.conditions[0].field'],
    ],
    [
      'the result of a step that comes later',
      [branch([condition('steps.mark.outcome', 'equals', 'DONE')], [named('mark', addTag('x'))])],
      ['actions[0].branch.filter.conditions[0].field'],
    ],
    [
      'the answer to a step that comes later, and a path too deep',
      [
        branch([condition('steps.mark.body.id', 'exists')], []),
        named('mark', addTag('x')),
        branch([condition('steps.mark.body.a.b.c.d.e.f', 'exists')], []),
      ],
      ['actions[0].branch.filter.conditions[0].field', 'actions[2].branch.filter.conditions[0].field'],
    ],
    ['a branch without a filter', [{ action: { case: 'branch', value: {} } }], ['actions[0].branch.filter']],
    ['a split of one path', [split(['a', 50, []])], ['actions[0].split.paths']],
    ['shares of 90 together', [split(['a', 50, []], ['b', 40, []])], ['actions[0].split.paths']],
    [
      'a share of nothing, and a name that is used twice',
      [split(['a', 0, []], ['a', 100, []])],
      [
        'actions[0].split.paths[0].percent',
        'actions[0].split.paths[1].percent',
        'actions[0].split.paths[1].name',
      ],
    ],
  ])('is refused with %s', async (_name, actions, fields) => {
    const call = client.workflows.createWorkflow({ name: 'A tree', trigger: onTag('start'), actions });
    await expectRefusal(call, 'VALIDATION_FAILED', fields);
  });

  test('has results of steps for its branches only: other filters refuse them and say so', async () => {
    const filter = { conditions: [condition('steps.mark.status', 'equals', 200)] };
    const actions = [
      named('mark', addTag('x')),
      {
        action: {
          case: 'waitForEvent' as const,
          value: { eventType: 'tag_added', filter, timeout: { seconds: 60n } },
        },
      },
    ];
    const call = client.workflows.createWorkflow({
      ...{ name: 'A tree', trigger: onTag('start', { filter }), actions },
      exits: [{ eventType: 'tag_added', filter }],
    });
    const error = await expectRefusal(call, 'VALIDATION_FAILED', [
      'actions[1].wait_for_event.filter.conditions[0].field',
      'exits[0].filter.conditions[0].field',
      'trigger.filter.conditions[0].field',
    ]);
    expect(JSON.stringify(error)).toContain('only a branch reads steps');
  });

  test('of 50 steps, 4 deep, is stored, answered and copied as it was sent', async () => {
    const actions = [nested(4), ...Array(45).fill(addTag('x'))] as Step[];
    const made = await createWorkflow(client, { trigger: onTag('start'), actions: actions });
    const copy = await createWorkflow(client, { trigger: onTag('start'), actions: made.actions });
    expect(copy.actions).toEqual(made.actions);
    expect(made.actions).toHaveLength(46);
  });

  test('keeps the secrets of webhooks within branches, and hides them', async () => {
    const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
    const hook = (more: object): Step => ({
      action: { case: 'callWebhook', value: { url: 'https://example.com/hook', ...more } },
    });
    const made = await createWorkflow(client, {
      trigger: onTag('start'),
      actions: [branch([hasTag('a')], [hook({ secret })])],
    });
    expect(
      JSON.stringify(made.actions, (_, value) => (typeof value === 'bigint' ? '' : value)),
    ).not.toContain(secret);
    const again = await client.workflows.updateWorkflow({
      ...{ workflowId: made.id, etag: made.etag },
      actions: { actions: [branch([hasTag('b')], [hook({ hasSecret: true })])] },
    });
    expect(again.warnings).toEqual([]);
    const copied = await client.workflows.createWorkflow({ name: 'A copy', actions: made.actions });
    expect(copied.warnings).toMatchObject([
      {
        reason: 'WEBHOOK_SECRET_MISSING',
        metadata: { field: 'actions[0].branch.then[0].call_webhook.secret' },
      },
    ]);
  });

  test('that reads a field of the event keeps its trigger from an event without it', async () => {
    const actions = [branch([condition('tag', 'equals', 'start')], [addTag('x')])];
    const made = await createWorkflow(client, { trigger: onTag('start'), actions });
    const { id: triggerId, etag } = present(made.trigger);
    const field = 'workflow.actions[0].branch.filter.conditions[0].field';
    const trigger = { triggerEvent: 'contact_created' };
    const update = client.triggers.updateTrigger({ triggerId, etag, trigger });
    await expectRefusal(update, 'VALIDATION_FAILED', [field]);
    const { workflow: bare } = await client.workflows.createWorkflow({ name: 'Bare', actions });
    const configure = client.triggers.configureTrigger({ workflowId: present(bare).id, trigger });
    await expectRefusal(configure, 'VALIDATION_FAILED', [field]);
  });

  test('may start itself again from within a branch, which is warned of; outside of one it is refused', async () => {
    const { id: workflowId } = await createWorkflow(client, {
      trigger: onTag('start'),
      actions: [branch([hasTag('a')], [addTag('start')])],
    });
    const { warnings } = await client.workflows.activateWorkflow({ workflowId });
    expect(warnings.map(({ reason }) => reason)).toEqual(['POSSIBLE_TRIGGER_LOOP']);
    const certain = await createWorkflow(client, {
      trigger: onTag('start'),
      actions: [branch([hasTag('a')], []), addTag('start')],
    });
    await expectRefusal(client.workflows.activateWorkflow({ workflowId: certain.id }), 'TRIGGER_LOOP');
  });
});
