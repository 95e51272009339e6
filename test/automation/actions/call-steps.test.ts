/** Steps that call out: webhooks and the engine, without an answer, and after the end of the calling process. */
import { createHmac } from 'node:crypto';
import { sql } from 'kysely';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { makeCall } from '../../../src/automation/actions/call-queue.ts';
import {
  createWebhookPort,
  type WebhookAnswer,
  type WebhookCall,
} from '../../../src/automation/actions/webhook-port.ts';
import { readConfig } from '../../../src/config/config.ts';
import type { Database } from '../../../src/store/database.ts';
import { useLongestBackoffs } from '../../support/backoff-share.ts';
import { createAthlete } from '../../support/fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { type ActionInit, createTestDeps, createTestRunner, insertRun, readFacts, readRun } from './runs.ts';
import { createTestClock } from './test-clock.ts';
import { type Answering, startReceiver, type WebhookReceiver, withStatus } from './webhook-receiver.ts';

const db = useTestDatabase();
let database: Database;
beforeAll(() => {
  database = db.database;
});

const receivers: WebhookReceiver[] = [];
useLongestBackoffs();
afterEach(async () => {
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
});

async function receiver(answer?: Answering) {
  const started = await startReceiver(answer);
  receivers.push(started);
  return started;
}

/** Answers with each of these in turn, and then with the last again. */
function inTurn(...answers: Answering[]): Answering {
  return (response, webhook) => (answers.length > 1 ? answers.shift() : answers[0])?.(response, webhook);
}

const KEY = Buffer.alloc(32, 5);
const SECRET = `whsec_${KEY.toString('base64')}`;
const addTag = (tag: string): ActionInit => ({ case: 'addTag', value: { tag } });
const webhook = (url: string, data?: Record<string, string>): ActionInit => ({
  case: 'callWebhook',
  value: { url, secret: SECRET, ...(data ? { data } : {}) },
});

async function newRun(actions: readonly ActionInit[], { now } = createTestClock()) {
  const athlete = await createAthlete(database, { lifts: {}, enrolled: false });
  return insertRun(database, { ...athlete, actions, now });
}

describe('a webhook', () => {
  test('has the athlete, the event and the data of the action, is signed, and the run continues', async () => {
    const clock = createTestClock();
    const { url, received } = await receiver();
    const made = await newRun(
      [addTag('before'), webhook(`${url}/hook`, { plan: 'gold' }), addTag('after')],
      clock,
    );
    clock.advance(1_500);

    await createTestRunner(database, clock).runAll();

    expect(await readRun(database, made)).toMatchObject({
      state: 'COMPLETED',
      steps: [{}, { action: 'call_webhook', outcome: 'DONE', attempts: 1 }, {}],
    });
    expect(received).toHaveLength(1);
    const { headers, body } = received[0] ?? expect.unreachable();
    expect(JSON.parse(body)).toEqual({
      type: 'workflow.step',
      timestamp: '2026-11-20T12:00:01.500000Z',
      data: {
        workflow_id: made.workflowId,
        enrollment_id: made.enrollmentId,
        step: 1,
        user_id: made.userId,
        event: {
          id: made.eventId,
          type: 'tag_added',
          occurred_at: '2026-11-20T11:59:59.000000Z',
          data: { tag: 'vip' },
          previous: null,
        },
        data: { plan: 'gold' },
      },
    });
    expect(headers['webhook-timestamp']).toBe(String(Date.parse('2026-11-20T12:00:01Z') / 1000));
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', KEY).update(signed).digest('base64')}`,
    );
    expect(JSON.stringify(await readFacts(database, made.userId))).not.toContain('whsec');
  });

  test('of a run without an event has no event', async () => {
    const clock = createTestClock();
    const { url, received } = await receiver();
    const made = await newRun([webhook(url)], clock);
    await database.transaction(made.accountId, (tx) =>
      sql`update workflow_enrollments set event_id = null, event = '{}' where id = ${made.enrollmentId}`.execute(
        tx.sql,
      ),
    );

    await createTestRunner(database, clock).runAll();

    expect(JSON.parse(received[0]?.body ?? '').data).toMatchObject({ event: null, data: {} });
  });

  test('is retried until it is accepted, with the same message each time', async () => {
    const clock = createTestClock();
    const { url, received } = await receiver(inTurn(withStatus(500), withStatus(429), withStatus(200)));
    const made = await newRun([webhook(url), addTag('after')], clock);
    const runner = createTestRunner(database, { ...clock, limits: { firstStepPauseMs: 4_000 } });

    await runner.runAll();
    const first = await readRun(database, made);
    expect(first).toMatchObject({
      state: 'ACTIVE',
      nextStep: 0,
      attempts: 1,
      steps: [{ outcome: 'RETRYING', attempts: 1, reason: 'WEBHOOK_UNAVAILABLE' }],
    });
    expect(Date.parse(first.dueAt ?? '')).toBeGreaterThanOrEqual(Date.parse('2026-11-20T12:00:04Z'));
    await runner.runAll();
    expect(received).toHaveLength(1);
    clock.advance(4_000);
    await runner.runAll();
    clock.advance(8_000);
    await runner.runAll();

    expect(await readRun(database, made)).toMatchObject({
      state: 'COMPLETED',
      attempts: 0,
      steps: [{ outcome: 'DONE', attempts: 3, reason: null }, { outcome: 'DONE' }],
    });
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    expect(received.map(({ headers }) => Number(headers['webhook-timestamp']) % 60)).toEqual([0, 4, 12]);
  });

  test('has a different id in each step, and in each run', async () => {
    const clock = createTestClock();
    const { url, received } = await receiver();
    await newRun([webhook(url), webhook(url)], clock);
    await newRun([webhook(url)], clock);

    await createTestRunner(database, clock).runAll();

    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(3);
  });

  test.each([
    ['410', withStatus(410), 'WEBHOOK_REFUSED'],
    ['a redirect', withStatus(302, { location: '/' }), 'WEBHOOK_REFUSED'],
  ])('that is answered with %s fails at once', async (_what, answer, reason) => {
    const clock = createTestClock();
    const { url, received } = await receiver(answer);
    const made = await newRun([webhook(url), addTag('after')], clock);

    await createTestRunner(database, clock).runAll();

    expect(await readRun(database, made)).toMatchObject({
      state: 'FAILED',
      endedReason: reason,
      steps: [{ outcome: 'FAILED', attempts: 1, reason }],
    });
    expect(received).toHaveLength(1);
  });

  test('fails when the receiver never accepts it and its attempts are used up', async () => {
    const clock = createTestClock();
    const { url, received } = await receiver(withStatus(503));
    const made = await newRun([webhook(url)], clock);
    const limits = { stepTries: 3, firstStepPauseMs: 1_000 };
    const runner = createTestRunner(database, { ...clock, limits });

    for (let tried = 0; tried < 5; tried += 1) {
      await runner.runAll();
      clock.advance(60_000);
    }

    expect(received).toHaveLength(3);
    expect(await readRun(database, made)).toMatchObject({
      state: 'FAILED',
      endedReason: 'WEBHOOK_UNAVAILABLE',
      dueAt: null,
      steps: [{ outcome: 'FAILED', attempts: 3, reason: 'WEBHOOK_UNAVAILABLE' }],
    });
  });

  test('is sent to public addresses only, by default', async () => {
    const clock = createTestClock();
    const { url, received } = await receiver();
    const made = await newRun([webhook(url)], clock);
    const webhooks = createWebhookPort(readConfig({ WEBHOOK_ALLOW_HTTP: 'on' }));

    await createTestRunner(database, { ...clock, webhooks }).runAll();

    expect(received).toEqual([]);
    expect(await readRun(database, made)).toMatchObject({
      state: 'FAILED',
      endedReason: 'WEBHOOK_ADDRESS_REFUSED',
    });
  });

  test('is not sent for a deleted athlete', async () => {
    const clock = createTestClock();
    const { url, received } = await receiver();
    const made = await newRun([webhook(url)], clock);
    await database.transaction(made.accountId, (tx) =>
      sql`update users set deleted_at = now() where account_id = ${made.accountId}`.execute(tx.sql),
    );

    await makeCall(createTestDeps(database, clock), { accountId: made.accountId, id: made.enrollmentId });

    expect(received).toEqual([]);
    expect(await readRun(database, made)).toMatchObject({
      state: 'CANCELLED',
      endedReason: 'SUBJECT_DELETED',
    });
  });
});

/** Webhooks whose answers the test gives. */
function createAnswerablePort() {
  const calls: (WebhookCall & { answer: (answer: WebhookAnswer) => void })[] = [];
  return {
    calls,
    post: (call: WebhookCall) =>
      new Promise<WebhookAnswer>((resolve) => {
        calls.push({ ...call, answer: resolve });
      }),
  };
}

describe('while a call is in flight', () => {
  test('no transaction is open, no connection is held, and other steps run', async () => {
    const clock = createTestClock();
    const narrow = db.open({ connections: 1 });
    const webhooks = createAnswerablePort();
    const slow = await newRun([webhook('https://hooks.example/')], clock);
    const runner = createTestRunner(narrow, { ...clock, webhooks });
    await runner.runOnce();
    await vi.waitFor(() => expect(webhooks.calls).toHaveLength(1));

    const quick = await newRun([addTag('vip')], clock);
    await runner.runOnce();

    expect(narrow.poolUse().waiting).toBe(0);
    expect(await readRun(database, quick)).toMatchObject({ state: 'COMPLETED' });
    expect(await readRun(database, slow)).toMatchObject({ state: 'ACTIVE', attempts: 1, steps: [] });
    webhooks.calls[0]?.answer({ kind: 'ACCEPTED' });
    await runner.settled();
    expect(await readRun(database, slow)).toMatchObject({ state: 'COMPLETED' });
  });

  test('no other runner makes it until its lease has expired; a result that comes later changes nothing', async () => {
    const clock = createTestClock();
    const made = await newRun([webhook('https://hooks.example/'), addTag('after')], clock);
    const due = { accountId: made.accountId, id: made.enrollmentId };
    const [lost, next] = [createAnswerablePort(), createAnswerablePort()];
    const lostCall = makeCall(createTestDeps(database, { ...clock, webhooks: lost }), due);
    await vi.waitFor(() => expect(lost.calls).toHaveLength(1));
    const limits = { stepLeaseMs: 60_000 };
    const other = createTestDeps(database, { ...clock, webhooks: next, limits });

    clock.advance(59_999);
    await makeCall(other, due);
    expect(next.calls).toEqual([]);
    clock.advance(1);
    const nextCall = makeCall(other, due);
    await vi.waitFor(() => expect(next.calls).toHaveLength(1));
    expect(next.calls[0]?.id).toBe(lost.calls[0]?.id);

    lost.calls[0]?.answer({ kind: 'REFUSED', reason: 'WEBHOOK_REFUSED' });
    await lostCall;
    expect(await readRun(database, made)).toMatchObject({ state: 'ACTIVE', attempts: 2, steps: [] });
    next.calls[0]?.answer({ kind: 'ACCEPTED' });
    await nextCall;
    expect(await readRun(database, made)).toMatchObject({
      state: 'ACTIVE',
      nextStep: 1,
      steps: [{ outcome: 'DONE', attempts: 2 }],
    });
  });

  test('its run can be cancelled: the result is recorded, and no further step runs', async () => {
    const clock = createTestClock();
    const made = await newRun([webhook('https://hooks.example/'), addTag('after')], clock);
    const webhooks = createAnswerablePort();
    const runner = createTestRunner(database, { ...clock, webhooks });
    await runner.runOnce();
    await vi.waitFor(() => expect(webhooks.calls).toHaveLength(1));
    await database.transaction(made.accountId, (tx) =>
      sql`update workflow_enrollments set state = 'CANCELLED', due_at = null, ended_at = now(),
            ended_reason = 'WORKFLOW_DELETED' where id = ${made.enrollmentId}`.execute(tx.sql),
    );

    webhooks.calls[0]?.answer({ kind: 'ACCEPTED' });
    await runner.settled();
    await runner.runAll();

    expect(await readRun(database, made)).toMatchObject({
      state: 'CANCELLED',
      endedReason: 'WORKFLOW_DELETED',
      nextStep: 0,
      steps: [{ outcome: 'DONE' }],
    });
    expect(await readFacts(database, made.userId)).toEqual([]);
  });

  test('a step fails when every attempt ends with its process', async () => {
    const clock = createTestClock();
    const made = await newRun([webhook('https://hooks.example/')], clock);
    const due = { accountId: made.accountId, id: made.enrollmentId };
    const webhooks = createAnswerablePort();
    const deps = createTestDeps(database, {
      ...clock,
      webhooks,
      limits: { stepTries: 2, stepLeaseMs: 1_000 },
    });

    for (let tried = 1; tried <= 2; tried += 1) {
      void makeCall(deps, due);
      await vi.waitFor(() => expect(webhooks.calls).toHaveLength(tried));
      clock.advance(1_000);
    }
    await makeCall(deps, due);

    expect(webhooks.calls).toHaveLength(2);
    expect(await readRun(database, made)).toMatchObject({
      state: 'FAILED',
      endedReason: 'STEP_ABANDONED',
      steps: [{ outcome: 'FAILED', attempts: 2, reason: 'STEP_ABANDONED' }],
    });
  });
});

test('a stopped runner starts no further call, and records the calls in flight', async () => {
  const clock = createTestClock();
  const webhooks = createAnswerablePort();
  const athlete = await createAthlete(database, { lifts: {}, enrolled: false });
  const actions = [webhook('https://hooks.example/')];
  const runs = [
    await insertRun(database, { ...athlete, actions, now: clock.now, dueInMs: -10 }),
    await insertRun(database, { ...athlete, actions, now: clock.now }),
  ];
  const limits = { concurrentCallSteps: 1 };
  const runner = createTestRunner(database, { ...clock, webhooks, limits });
  await runner.runOnce();
  await vi.waitFor(() => expect(webhooks.calls).toHaveLength(1));

  const stopped = runner.stop();
  webhooks.calls[0]?.answer({ kind: 'ACCEPTED' });
  await stopped;

  expect(webhooks.calls).toHaveLength(1);
  const states = await Promise.all(runs.map(async (run) => (await readRun(database, run)).state));
  expect(states.toSorted()).toEqual(['COMPLETED', 'TRIGGERED']);
});
