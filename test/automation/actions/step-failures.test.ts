/** What a step says of its failures: how often it is tried, what follows, and what is kept of each try. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, test } from 'vitest';
import type { WebhookAnswer } from '../../../src/automation/actions/webhook-port.ts';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { ActionSchema, FailurePolicy } from '../../../src/gen/automation/v1/action_pb.ts';
import { FieldType } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import {
  WorkflowEnrollmentState as State,
  StepOutcome,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
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
import { createTestRunner, type TestRunner } from './runs.ts';
import { createTestClock, type TestClock } from './test-clock.ts';

type Step = Extract<MessageInitShape<typeof ActionSchema>, { $typeName?: undefined }>;

const db = useTestDatabase();
let clock: TestClock;
let client: AutomationClient;
let runner: TestRunner;
let answer: WebhookAnswer;
let calls: number;

beforeEach(() => {
  clock = createTestClock();
  client = createAutomationClient(db.database, { clock: clock.now });
  answer = { kind: 'TRY_AGAIN', reason: 'WEBHOOK_UNAVAILABLE' };
  calls = 0;
  const post = async () => {
    calls += 1;
    return answer;
  };
  runner = createTestRunner(db.database, { now: clock.now, webhooks: { post } });
});

const HOOK: Step = { action: { case: 'callWebhook', value: { url: 'https://example.com/hook' } } };

/** Starts a run of the steps, and lets it go on for some hours. */
async function run(actions: Step[]) {
  const { id: workflowId } = await createActiveWorkflow(client, { trigger: onTag('start'), actions });
  const userId = present((await client.users.createUser({ name: 'Ana' })).user).id;
  await client.users.updateUser({ userId, addTags: ['start'] });
  const evaluator = createEvaluator(evaluatorDeps(db.database, { clock: clock.now }));
  await evaluator.evaluatePartitions(client.accountId, [...Array(32).keys()]);
  await runner.runAll();
  return { workflowId, userId };
}

async function read({ workflowId, userId }: { workflowId: string; userId: string }) {
  const { enrollments } = await client.workflows.listWorkflowEnrollments({ workflowId });
  const tags = present((await client.users.getUser({ userId })).user).tags;
  return { run: present(enrollments[0]), tags };
}

describe('a step that fails', () => {
  test('is tried as often as it says, with its pauses, and every try is kept', async () => {
    const retry = { tries: 3, firstPause: { seconds: 10n }, longestPause: { seconds: 10n } };
    const made = await run([{ ...HOOK, retry }]);
    for (let pause = 0; pause < 5; pause += 1) {
      clock.advance(10_000);
      await runner.runAll();
    }

    const { run: failed } = await read(made);
    expect(calls).toBe(3);
    expect(failed).toMatchObject({ state: State.FAILED, endedReason: 'WEBHOOK_UNAVAILABLE' });
    const [step] = failed.steps;
    expect(step).toMatchObject({ outcome: StepOutcome.FAILED, attempts: 3 });
    const { RETRYING, FAILED } = StepOutcome;
    expect(step?.tries.map(({ outcome }) => outcome)).toEqual([RETRYING, RETRYING, FAILED]);
    expect(new Set(step?.tries.map(({ reason }) => reason))).toEqual(new Set(['WEBHOOK_UNAVAILABLE']));

    answer = { kind: 'ACCEPTED' };
    await client.workflows.retryRun({ runId: failed.id });
    await runner.runAll();
    const { run: done } = await read(made);
    expect(done.state).toBe(State.COMPLETED);
    expect(done.steps[0]?.tries).toHaveLength(4);
    expect(done.steps[0]?.tries[3]).toMatchObject({ outcome: StepOutcome.DONE, reason: '' });
  });

  test('lets the run go on with CONTINUE, through its failure steps and then behind it', async () => {
    answer = { kind: 'REFUSED', reason: 'WEBHOOK_REFUSED' };
    const onFailure = FailurePolicy.CONTINUE;
    const made = await run([
      { ...HOOK, name: 'tell', onFailure, failureSteps: [addTag('not-told')] },
      { ...HOOK, onFailure },
      {
        action: {
          case: 'branch',
          value: {
            filter: { conditions: [condition('steps.tell.outcome', 'equals', 'FAILED')] },
            // biome-ignore lint/suspicious/noThenProperty: the contract names the list so.
            then: [addTag('end')],
          },
        },
      },
    ]);

    const { run: done, tags } = await read(made);

    expect(done).toMatchObject({ state: State.COMPLETED, endedReason: '' });
    expect(done.steps.map(({ path, taken }) => [path, taken])).toEqual([
      ['actions[0]', 'failed'],
      ['actions[0].failure_steps[0]', ''],
      ['actions[1]', ''],
      ['actions[2]', 'then'],
      ['actions[2].branch.then[0]', ''],
    ]);
    expect(tags).toEqual(['start', 'not-told', 'end']);
  });

  test('that is done leaves its failure steps out', async () => {
    answer = { kind: 'ACCEPTED' };
    const made = await run([
      { ...HOOK, onFailure: FailurePolicy.CONTINUE, failureSteps: [addTag('not-told')] },
      addTag('end'),
    ]);
    expect((await read(made)).tags).toEqual(['start', 'end']);
  });
});

/** The detail of the only try of the first step. */
async function detailOf(step: Step, prepare: (userId: string) => Promise<unknown> = async () => undefined) {
  const { id: workflowId } = await createActiveWorkflow(client, {
    trigger: onTag('start'),
    actions: [{ ...step, retry: { tries: 1 } }],
  });
  const userId = present((await client.users.createUser({ name: 'Ana' })).user).id;
  await client.users.updateUser({ userId, addTags: ['start'], attributes: { note: 'x'.repeat(200) } });
  await prepare(userId);
  const evaluator = createEvaluator(evaluatorDeps(db.database, { clock: clock.now }));
  await evaluator.evaluatePartitions(client.accountId, [...Array(32).keys()]);
  await runner.runAll();
  const { run: made } = await read({ workflowId, userId });
  expect(made.state).toBe(State.FAILED);
  return [made.endedReason, made.steps[0]?.tries.at(-1)?.detail];
}

describe('a try that failed says what failed and why', () => {
  test.each<[string, WebhookAnswer]>([
    ['the receiver', { kind: 'REFUSED', reason: 'WEBHOOK_REFUSED', detail: 'the answer was 404' }],
    [
      'the connection',
      { kind: 'TRY_AGAIN', reason: 'WEBHOOK_UNREACHABLE', detail: 'no connection: ECONNREFUSED' },
    ],
  ])('as %s of a webhook said it', async (_, refusal) => {
    answer = refusal;
    expect(await detailOf(HOOK)).toEqual(refusal.kind === 'ACCEPTED' ? [] : [refusal.reason, refusal.detail]);
  });

  test('by the path of a value that does not fit, and without the value', async () => {
    await client.triggers.defineField({ field: { path: 'custom.note', type: FieldType.STRING } });
    const tag = await detailOf(addTag('{{ athlete.custom.note }}'));
    expect(tag).toEqual([
      'VALIDATION_FAILED',
      expect.stringMatching(/^add_tag\.tag: must have 1 to 100 characters/),
    ]);
    expect(`${tag[1]}`).not.toContain('xxx');
  });

  test('by what the athlete lacks', async () => {
    const leaving = {
      action: { case: 'scaleLiftMax', value: { maxType: MaxType.TRAINING_MAX, factor: '0.9' } },
    };
    expect(await detailOf(leaving as Step)).toEqual([
      'NOT_ENROLLED',
      expect.stringMatching(/^user .* has no ACTIVE enrollment$/),
    ]);
  });
});

test('policies out of range, and failure steps that would never run, are refused', async () => {
  const retry = { tries: 3, firstPause: { seconds: 0n }, longestPause: { seconds: 90_000n } };
  const call = createWorkflow(client, {
    actions: [create(ActionSchema, { ...HOOK, retry, failureSteps: [addTag('x')] })],
  });
  await expectRefusal(call, 'VALIDATION_FAILED', [
    'actions[0].retry.first_pause',
    'actions[0].retry.longest_pause',
    'actions[0].failure_steps',
  ]);
  const tooMany = createWorkflow(client, {
    actions: [create(ActionSchema, { ...HOOK, retry: { tries: 21 } })],
  });
  await expectRefusal(tooMany, 'VALIDATION_FAILED', ['actions[0].retry.tries']);
});
