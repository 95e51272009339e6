/** A hand on runs: GetRun, CancelRun, PauseRun, ResumeRun, RetryRun and RedriveRuns, with a real runner. */

import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import type { WebhookAnswer, WebhookPort } from '../../../src/automation/actions/webhook-port.ts';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import {
  WorkflowEnrollmentState as State,
  StepOutcome,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { readRows } from '../../store/schema-dump.ts';
import {
  type AutomationClient,
  addTag,
  createActiveWorkflow,
  createAutomationClient,
  onTag,
  type WorkflowInit,
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { evaluatorDeps } from '../evaluation/automated-account.ts';
import { createTestRunner, type TestRunner } from './runs.ts';
import { createTestClock, type TestClock } from './test-clock.ts';

const db = useTestDatabase();
const HOUR_MS = 3_600_000;

/** Answers what the test wants; fails calls until `isUp`. */
class Receiver implements WebhookPort {
  isUp = false;
  calls = 0;
  /** Set to keep a call under way until it resolves. */
  gate: Promise<void> | undefined;

  async post(): Promise<WebhookAnswer> {
    this.calls += 1;
    await this.gate;
    return this.isUp ? { kind: 'ACCEPTED' } : { kind: 'REFUSED', reason: 'WEBHOOK_REFUSED' };
  }
}

let clock: TestClock;
let client: AutomationClient;
let receiver: Receiver;
let runner: TestRunner;

beforeEach(() => {
  clock = createTestClock();
  client = createAutomationClient(db.database, { clock: clock.now });
  receiver = new Receiver();
  runner = createTestRunner(db.database, { now: clock.now, webhooks: receiver });
});

async function work(): Promise<void> {
  const evaluator = createEvaluator(evaluatorDeps(db.database, { clock: clock.now }));
  await evaluator.evaluatePartitions(client.accountId, [...Array(32).keys()]);
  await runner.runAll();
}

const HOOK = { action: { case: 'callWebhook', value: { url: 'https://example.com/hook' } } } as const;
const WAIT = {
  action: { case: 'wait', value: { wait: { case: 'duration', value: { seconds: 3600n } } } },
} as const;

/** A workflow that starts with the tag `new`, and runs of it for new athletes. */
async function startRuns(actions: WorkflowInit['actions'], { count = 1, settings = {} } = {}) {
  const trigger = onTag('new', { settings: { configuration: { tag: 'new' }, ...settings } });
  const { id: workflowId } = await createActiveWorkflow(client, { trigger, actions });
  const userIds: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const userId = present((await client.users.createUser({ name: 'Ana' })).user).id;
    await client.users.updateUser({ userId, addTags: ['new'] });
    userIds.push(userId);
  }
  await work();
  const { enrollments } = await client.workflows.listWorkflowEnrollments({ workflowId });
  return { workflowId, userIds, userId: userIds[0] ?? '', runId: present(enrollments[0]).id };
}

const getRun = async (runId: string) => present((await client.workflows.getRun({ runId })).run);
const tagsOf = async (userId: string) => (await client.users.getUser({ userId })).user?.tags;

describe('RetryRun', () => {
  test('continues a failed run of a ONCE_EVER workflow with the failed step; done steps stay done', async () => {
    const { runId, userId } = await startRuns([addTag('one'), HOOK, addTag('two')]);
    expect(await getRun(runId)).toMatchObject({
      state: State.FAILED,
      nextStep: 1,
      endedReason: 'WEBHOOK_REFUSED',
    });
    await client.users.updateUser({ userId, removeTags: ['one'] });
    receiver.isUp = true;

    const { run } = await client.workflows.retryRun({ runId });
    expect(run).toMatchObject({ id: runId, state: State.ACTIVE, nextStep: 1, endedReason: '' });
    expect(run?.endedAt).toBeUndefined();
    await work();
    expect(await getRun(runId)).toMatchObject({
      state: State.COMPLETED,
      steps: [{ outcome: StepOutcome.DONE }, { outcome: StepOutcome.DONE }, { outcome: StepOutcome.DONE }],
    });
    // The first step was not taken again.
    expect(await tagsOf(userId)).toEqual(['new', 'two']);
    expect(receiver.calls).toBe(2);
  });

  test('fails again when the cause is still there, and can be called again', async () => {
    const { runId } = await startRuns([HOOK]);
    await client.workflows.retryRun({ runId });
    await work();

    expect(await getRun(runId)).toMatchObject({ state: State.FAILED });
    expect(receiver.calls).toBe(2);
    const { entries } = await client.audit.listAuditEntries({ action: 'RetryRun' });
    expect(entries).toMatchObject([
      { targetType: 'run', targetId: runId, before: { state: 'FAILED' }, after: { state: 'ACTIVE' } },
    ]);
  });

  test('is refused for a deleted workflow', async () => {
    const { runId, workflowId } = await startRuns([HOOK]);
    await client.workflows.deleteWorkflow({ workflowId });

    await expectRefusal(client.workflows.retryRun({ runId }), 'WORKFLOW_ARCHIVED');
  });
});

describe('PauseRun', () => {
  test('stops the steps until ResumeRun, which keeps the time of a wait', async () => {
    const { runId, userId } = await startRuns([WAIT, addTag('late')]);
    const { dueAt } = await getRun(runId);
    const paused = await client.workflows.pauseRun({ runId });
    expect(paused.run).toMatchObject({ state: State.PAUSED, nextStep: 0 });
    expect(paused.run?.dueAt).toBeUndefined();
    const resumed = await client.workflows.resumeRun({ runId });
    expect(resumed.run).toMatchObject({ state: State.ACTIVE, dueAt });

    await client.workflows.pauseRun({ runId });
    clock.advance(2 * HOUR_MS);
    await work();
    expect(await tagsOf(userId)).toEqual(['new']);
    await client.workflows.resumeRun({ runId });
    await work();
    expect(await tagsOf(userId)).toEqual(['new', 'late']);
  });

  test('while a call is under way keeps its result, and starts no further step', async () => {
    receiver.isUp = true;
    let open = () => {};
    receiver.gate = new Promise((resolve) => {
      open = resolve;
    });
    const workflow = await createActiveWorkflow(client, {
      trigger: onTag('new'),
      actions: [HOOK, addTag('after')],
    });
    const userId = present((await client.users.createUser({ name: 'Ana' })).user).id;
    await client.users.updateUser({ userId, addTags: ['new'] });
    const working = work();
    await expect.poll(() => receiver.calls).toBe(1);
    const { enrollments } = await client.workflows.listWorkflowEnrollments({ workflowId: workflow.id });
    const runId = present(enrollments[0]).id;
    await client.workflows.pauseRun({ runId });
    open();
    await working;

    expect(await getRun(runId)).toMatchObject({
      ...{ state: State.PAUSED, nextStep: 1 },
      steps: [{ outcome: StepOutcome.DONE }],
    });
    expect(await tagsOf(userId)).toEqual(['new']);
    await client.workflows.resumeRun({ runId });
    await work();
    expect(await tagsOf(userId)).toEqual(['new', 'after']);
    expect(receiver.calls).toBe(1);
  });

  test('leaves the run open for the policy ONE_ACTIVE', async () => {
    const { runId, userId, workflowId } = await startRuns([WAIT], { settings: { policy: 2 } });
    await client.workflows.pauseRun({ runId });
    await client.users.updateUser({ userId, removeTags: ['new'] });
    await client.users.updateUser({ userId, addTags: ['new'] });
    await work();

    expect((await client.workflows.listWorkflowEnrollments({ workflowId })).enrollments).toHaveLength(1);
  });

  test.each(['the workflow is deleted', 'the athlete is erased'])(
    'does not keep a run when %s',
    async (how) => {
      const { runId, userId, workflowId } = await startRuns([WAIT]);
      await client.workflows.pauseRun({ runId });
      await (how === 'the workflow is deleted'
        ? client.workflows.deleteWorkflow({ workflowId })
        : client.users.eraseUser({ userId, reason: 'asked for' }));

      expect(await getRun(runId)).toMatchObject({ state: State.CANCELLED });
      await expectRefusal(client.workflows.resumeRun({ runId }), 'RUN_STATE');
    },
  );
});

describe('CancelRun', () => {
  test('ends a waiting run, and tells the audit trail', async () => {
    const { runId, userId } = await startRuns([WAIT, addTag('late')]);
    const { run } = await client.workflows.cancelRun({ runId });
    expect(run).toMatchObject({ state: State.CANCELLED, endedReason: 'CANCELLED_BY_HAND' });
    clock.advance(2 * HOUR_MS);
    await work();

    expect(await tagsOf(userId)).toEqual(['new']);
    const { entries } = await client.audit.listAuditEntries({ action: 'CancelRun' });
    expect(entries).toMatchObject([{ targetId: runId, userId, before: { state: 'ACTIVE' } }]);
  });

  test('of a run that waits for business hours returns its slot in the cap', async () => {
    const settings = {
      cap: { count: 5, window: { seconds: 86_400n } },
      businessHours: { timeZone: 'UTC', intervals: [{ weekday: 7, opens: '09:00', closes: '10:00' }] },
    };
    const { runId } = await startRuns([addTag('late')], { settings });
    const counts = () =>
      readRows(db.database, sql`select count from enrollment_caps where account_id = ${client.accountId}`);
    expect(await getRun(runId)).toMatchObject({ state: State.QUEUED });
    expect(await counts()).toEqual([{ count: 1 }]);
    await client.workflows.cancelRun({ runId });

    expect(await counts()).toEqual([{ count: 0 }]);
    expect(await getRun(runId)).toMatchObject({ state: State.CANCELLED });
  });
});

test('a run in another state is refused with its state, and an unknown run is not found', async () => {
  const { runId } = await startRuns([addTag('one')]);
  const { workflows } = client;
  const methods = [workflows.cancelRun, workflows.pauseRun, workflows.resumeRun, workflows.retryRun] as const;

  for (const method of methods) {
    const refusal = await expectRefusal(method({ runId }), 'RUN_STATE');
    expect(refusal.message).toContain('COMPLETED');
    await expectRefusal(method({ runId: crypto.randomUUID() }), 'RUN_NOT_FOUND');
    const other = createAutomationClient(db.database).workflows;
    await expectRefusal(other.cancelRun({ runId }), 'RUN_NOT_FOUND');
  }
  await expectRefusal(workflows.getRun({ runId: crypto.randomUUID() }), 'RUN_NOT_FOUND');
});

describe('RedriveRuns', () => {
  test('retries all that failed while a receiver was down, a part in each call', async () => {
    const { workflowId, userIds } = await startRuns([HOOK, addTag('told')], { count: 5 });
    clock.advance(24 * HOUR_MS);
    receiver.isUp = true;
    const few = createAutomationClient(db.database, {
      ...{ accountId: client.accountId, clock: clock.now, limits: { redrivenRuns: 3 } },
    }).workflows;

    expect(await few.redriveRuns({ workflowId })).toMatchObject({ redrivenCount: 3, remainingCount: 2 });
    expect(await few.redriveRuns({ workflowId })).toMatchObject({ redrivenCount: 2, remainingCount: 0 });
    expect(await few.redriveRuns({ workflowId })).toMatchObject({ redrivenCount: 0, remainingCount: 0 });
    await work();
    for (const userId of userIds) {
      expect(await tagsOf(userId)).toEqual(['new', 'told']);
    }
    expect(receiver.calls).toBe(10);
    const { entries } = await client.audit.listAuditEntries({ action: 'RedriveRuns' });
    expect(entries).toMatchObject([
      { targetId: workflowId, before: { failedRuns: 2 }, after: { failedRuns: 0 } },
      { before: { failedRuns: 5 }, after: { failedRuns: 2 } },
    ]);
  });

  test('goes by the time and the reason of the failure', async () => {
    const { workflowId } = await startRuns([HOOK]);
    const at = (ms: number) => timestampFromDate(new Date(Number(clock.now() / 1000n) + ms));

    const redrive = (request: object) => client.workflows.redriveRuns({ workflowId, ...request });
    expect(await redrive({ failedSince: at(1000) })).toMatchObject({ redrivenCount: 0, remainingCount: 0 });
    expect(await redrive({ reason: 'WEBHOOK_TIMEOUT' })).toMatchObject({ redrivenCount: 0 });
    expect(await redrive({ failedSince: at(0), reason: 'WEBHOOK_REFUSED' })).toMatchObject({
      redrivenCount: 1,
    });
    const other = createAutomationClient(db.database).workflows;
    await expectRefusal(other.redriveRuns({ workflowId }), 'WORKFLOW_NOT_FOUND');
  });
});

describe('CancelRuns', () => {
  const cancel = (workflowId: string, more: object = {}, of = client) =>
    of.workflows.cancelRuns({ workflowId, ...more });
  const stateOf = async (runId: string) => (await getRun(runId)).state;

  test('counts first, and cancels what was counted with the token', async () => {
    const { workflowId } = await startRuns([WAIT], { count: 3 });
    await client.workflows.pauseWorkflow({ workflowId });
    const { runId: other } = await startRuns([WAIT]);
    const counted = await cancel(workflowId);
    expect(counted).toMatchObject({ matchingCount: 3, cancelledCount: 0 });
    const { confirmationToken } = counted;

    expect(await cancel(workflowId, { confirmationToken })).toMatchObject({
      ...{ matchingCount: 3, cancelledCount: 3, confirmationToken: '' },
    });
    const { enrollments } = await client.workflows.listWorkflowEnrollments({ workflowId });
    expect(enrollments.map(({ state, endedReason }) => [state, endedReason])).toEqual(
      Array(3).fill([State.CANCELLED, 'CANCELLED_BY_HAND']),
    );
    expect(await stateOf(other)).toBe(State.ACTIVE);
    const { entries } = await client.audit.listAuditEntries({ action: 'CancelRuns' });
    expect(entries).toMatchObject([
      { targetId: workflowId, before: { matchingRuns: 3 }, after: { cancelledRuns: 3 } },
    ]);
  });

  test('chooses by state and by the time of the decision', async () => {
    const { workflowId, runId: early } = await startRuns([WAIT], { count: 1 });
    await client.workflows.pauseRun({ runId: early });
    clock.advance(HOUR_MS / 2);
    const userId = present((await client.users.createUser({ name: 'Bea' })).user).id;
    await client.users.updateUser({ userId, addTags: ['new'] });
    await work();
    const startTime = timestampFromDate(new Date(Number(clock.now() / 1000n) - HOUR_MS / 4));
    const countOf = async (more: object) => (await cancel(workflowId, more)).matchingCount;
    const listed = async (more: object) =>
      (await client.workflows.listWorkflowEnrollments({ workflowId, ...more })).totalSize;

    expect(await countOf({})).toBe(2);
    expect(await countOf({ state: State.PAUSED })).toBe(1);
    expect(await countOf({ startTime })).toBe(1);
    expect(await countOf({ endTime: startTime, state: State.ACTIVE })).toBe(0);
    expect([await listed({ startTime }), await listed({ endTime: startTime }), await listed({})]).toEqual([
      1, 1, 2,
    ]);
    const { confirmationToken } = await cancel(workflowId, { startTime });
    await cancel(workflowId, { startTime, confirmationToken });
    expect(await stateOf(early)).toBe(State.PAUSED);
    expect(await countOf({})).toBe(1);
  });

  test('refuses a token when there are more runs, for another choice, and when it is old', async () => {
    const { workflowId } = await startRuns([WAIT]);
    const { confirmationToken } = await cancel(workflowId);
    await expectRefusal(cancel(workflowId, { confirmationToken, state: State.ACTIVE }), 'CONFIRMATION_STALE');
    await expectRefusal(cancel(workflowId, { confirmationToken: 'none' }), 'VALIDATION_FAILED', [
      'confirmation_token',
    ]);
    await expectRefusal(cancel(workflowId, { state: State.FAILED }), 'VALIDATION_FAILED', ['state']);
    const userId = present((await client.users.createUser({ name: 'Bea' })).user).id;
    await client.users.updateUser({ userId, addTags: ['new'] });
    await work();
    await expectRefusal(cancel(workflowId, { confirmationToken }), 'CONFIRMATION_STALE');
    const second = await cancel(workflowId);
    clock.advance(HOUR_MS / 4);
    await expectRefusal(
      cancel(workflowId, { confirmationToken: second.confirmationToken }),
      'CONFIRMATION_STALE',
    );
  });

  test('goes on with the same token when it takes several calls, oldest runs first', async () => {
    const { workflowId } = await startRuns([WAIT], { count: 3 });
    const { accountId } = client;
    const few = createAutomationClient(db.database, {
      accountId,
      clock: clock.now,
      limits: { cancelledRuns: 2 },
    });
    const { confirmationToken } = await cancel(workflowId);

    const call = () => cancel(workflowId, { confirmationToken }, few);
    expect(await call()).toMatchObject({ matchingCount: 3, cancelledCount: 2 });
    expect(await call()).toMatchObject({ matchingCount: 1, cancelledCount: 1 });
    expect(await call()).toMatchObject({ matchingCount: 0, cancelledCount: 0 });
  });

  test('leaves the runs of another account alone', async () => {
    const { workflowId } = await startRuns([WAIT]);
    const other = createAutomationClient(db.database, { clock: clock.now });
    await other.users.createUser({ name: 'Eva' });
    await expectRefusal(cancel(workflowId, {}, other), 'WORKFLOW_NOT_FOUND');
  });
});
