/** Traces of the work inside calls and workers: transactions, evaluation, steps and webhooks. */
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Span as ApiSpan } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { expect, onTestFinished, test } from 'vitest';
import { SERVICE_VERSION } from '../../src/config/service-version.ts';
import { traced, WORK_CHANNEL } from '../../src/flow/traced.ts';
import { startWorkSpans } from '../../src/telemetry/work-spans.ts';
import { startReceiver, withStatus } from '../automation/actions/webhook-receiver.ts';
import { type Athlete, createAthlete, createTeammate } from '../support/fixtures.ts';
import { linear } from '../support/rule-fixtures.ts';
import { holdUser } from './hold-user.ts';
import { type ObservedService, startObservedService } from './observed-service.ts';
import { attributesOf, type Span } from './otlp-collector.ts';

const LIST_USERS = 'progression.v1.UserService/ListUsers';
const COMPLETE = 'progression.v1.ProgressionService/HandleSessionComplete';
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';

const WITHOUT_WORKERS = { AUTOMATION_WORKERS: 'off' };

function completeSession({ call }: ObservedService, { userId, accountId, liftIds }: Athlete) {
  const session = { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1, liftsPerformed: [liftIds.squat] };
  return call(COMPLETE, { userId, session }, { 'x-account-id': accountId });
}

const named = (spans: readonly Span[], name: string) => spans.filter((span) => span.name === name);
const transactionsOf = (spans: readonly Span[]) =>
  spans.filter(({ name }) => name.startsWith('TRANSACTION '));

test('the transactions of a call are parts of its trace, by the conventions for databases', async () => {
  const service = await startObservedService();
  await service.call(LIST_USERS, {});
  await service.close();

  const { collector, database } = service;
  const [call] = collector.calls();
  const transactions = transactionsOf(collector.spans());
  expect(transactions.length).toBeGreaterThan(0);
  for (const transaction of transactions) {
    expect(transaction).toMatchObject({ traceId: call?.traceId, parentSpanId: call?.spanId, kind: 3 });
    expect(attributesOf(transaction)).toEqual({
      'db.system.name': 'postgresql',
      'db.namespace': database.orm.config.get('dbName'),
      'db.operation.name': 'TRANSACTION',
      'server.address': expect.any(String),
      'server.port': expect.any(Number),
    });
  }
  expect(collector.resources()[0]).toMatchObject({
    'service.name': 'progression-service',
    'service.version': SERVICE_VERSION,
  });
});

test('calls that share a transaction share its span: it is in the trace of one, with links to the others', async () => {
  const service = await startObservedService(WITHOUT_WORKERS);
  const first = await createAthlete(service.database, { lifts: { squat: '100' }, rules: [linear()] });
  const athletes = [first];
  for (let number = 1; number < 6; number += 1) {
    athletes.push(await createTeammate(service.database, first, { squat: '100' }));
  }
  await Promise.all(athletes.map((athlete) => completeSession(service, athlete)));
  await service.close();

  const calls = named(service.collector.spans(), COMPLETE);
  const transactions = transactionsOf(service.collector.spans());
  const places = transactions.flatMap(({ parentSpanId, links = [] }) => [
    `${parentSpanId}`,
    ...links.map(({ spanId }) => spanId),
  ]);
  expect(calls).toHaveLength(6);
  expect(new Set(places)).toEqual(new Set(calls.map(({ spanId }) => spanId)));
  expect(transactions.some(({ links = [] }) => links.length > 0)).toBe(true);
});

test('a call that its caller does not record gives its transaction to the call that is recorded', async () => {
  const service = await startObservedService(WITHOUT_WORKERS);
  const athlete = await createAthlete(service.database, { lifts: { squat: '100' }, rules: [linear()] });
  const session = {
    sessionId: uuidv7(),
    daySlug: 'a',
    weekNumber: 1,
    liftsPerformed: [athlete.liftIds.squat],
  };
  const headers = { 'x-account-id': athlete.accountId, traceparent: `00-${TRACE_ID}-${SPAN_ID}-00` };
  expect((await service.call(COMPLETE, { userId: athlete.userId, session }, headers)).status).toBe(200);
  await completeSession(service, athlete);
  await service.close();

  const spans = service.collector.spans();
  const [recorded] = named(spans, COMPLETE);
  expect(spans.filter(({ traceId }) => traceId === TRACE_ID)).toEqual([]);
  expect(new Set(transactionsOf(spans).map(({ traceId }) => traceId))).toEqual(new Set([recorded?.traceId]));
});

test('a transaction that fails says why, without its values', async () => {
  const service = await startObservedService();
  await sql`drop table users cascade`.execute(service.database.orm.em.fork().getKysely());
  await service.call(LIST_USERS, {});
  await service.close();

  const [transaction] = transactionsOf(service.collector.spans());
  expect(transaction).toMatchObject({ status: { code: 2 } });
  expect(attributesOf(transaction ?? expect.unreachable())).toMatchObject({ 'error.type': '42P01' });
});

test('a transaction that is rolled back for a refusal has its reason, and is no error', async () => {
  const service = await startObservedService();
  await service.call('progression.v1.UserService/GetUser', { userId: uuidv7() });
  await service.close();

  const transactions = transactionsOf(service.collector.spans());
  expect(transactions).toMatchObject([{ status: { code: 0 } }]);
  expect(transactions.map(attributesOf)).toMatchObject([{ 'error.type': 'USER_NOT_FOUND' }]);
});

test('a workflow is traced from its evaluation to its webhook, without address, header or answer', async () => {
  const receiver = await startReceiver(withStatus(503));
  onTestFinished(() => receiver.close());
  const service = await startObservedService({ WEBHOOK_ALLOW_HTTP: 'on', WEBHOOK_ALLOW_PRIVATE: 'on' });
  const athlete = await createAthlete(service.database, { lifts: { squat: '100' }, rules: [linear()] });
  const headers = { 'x-account-id': athlete.accountId };
  const created = await service.call(
    'automation.v1.WorkflowService/CreateWorkflow',
    {
      name: 'Kanarienvogel',
      trigger: { triggerEvent: 'session_completed' },
      actions: [
        { addTag: { tag: 'busy' } },
        {
          callWebhook: {
            url: `${receiver.url}/secret-path?token=secret-token`,
            headers: [{ name: 'x-key', value: 'secret-header' }],
          },
        },
      ],
    },
    headers,
  );
  expect(created.status, created.text).toBe(200);
  const workflowId = JSON.parse(created.text).workflow.id;
  await service.call('automation.v1.WorkflowService/ActivateWorkflow', { workflowId }, headers);
  await completeSession(service, athlete);
  await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBeGreaterThan(0);
  await service.close();

  const spans = service.collector.spans();
  const evaluations = named(spans, 'evaluate events').map(attributesOf);
  expect(evaluations).toContainEqual(expect.objectContaining({ 'progression.events': expect.any(Number) }));
  const steps = named(spans, 'workflow step');
  const attributes = steps.map(attributesOf);
  expect(attributes).toContainEqual(
    expect.objectContaining({
      'progression.workflow.id': workflowId,
      'progression.run.id': expect.any(String),
      'progression.event.id': expect.any(String),
      'progression.step': 'actions[0]',
      'progression.step.attempt': 1,
      'progression.step.result': 'GOES_ON',
      'progression.action': 'add_tag',
    }),
  );
  const [webhook] = named(spans, 'POST');
  const step = steps.find(({ spanId }) => spanId === webhook?.parentSpanId);
  expect(webhook).toMatchObject({ kind: 3, status: { code: 2 }, traceId: step?.traceId });
  expect(attributesOf(webhook ?? expect.unreachable())).toEqual({
    'http.request.method': 'POST',
    'http.response.status_code': 503,
    'error.type': 'WEBHOOK_UNAVAILABLE',
  });
  expect(attributesOf(step ?? expect.unreachable())).toMatchObject({
    'progression.action': 'call_webhook',
    'error.type': 'WEBHOOK_UNAVAILABLE',
  });
  expect(transactionsOf(spans).some(({ parentSpanId }) => parentSpanId === step?.spanId)).toBe(true);
  const sent = service.collector.received.map(({ body }) => body).join('\n');
  for (const secret of ['secret-', 'Kanarienvogel', 'busy', `:${receiver.port}`]) {
    expect(sent).not.toContain(secret);
  }
}, 60_000);

test('workers that find nothing to do start no trace', async () => {
  const service = await startObservedService();
  // The workers poll several times meanwhile.
  const athlete = await createAthlete(service.database, { lifts: { squat: '100' } });
  const release = await holdUser(service.database, athlete.accountId, athlete.userId);
  await release();
  await service.close();

  expect(transactionsOf(service.collector.spans()).filter(({ parentSpanId }) => !parentSpanId)).toEqual([]);
});

test('traced calls leave the connections of the pool as they were', async () => {
  const service = await startObservedService(WITHOUT_WORKERS);
  const before = service.database.poolUse();
  await Promise.all(Array.from({ length: 40 }, () => service.call(LIST_USERS, {})));

  const after = service.database.poolUse();
  expect(after).toMatchObject({ used: 0, waiting: 0, limit: before.limit });
});

test('without tracing no work is described', async () => {
  expect(WORK_CHANNEL.hasSubscribers).toBe(false);
  const answer = await traced(
    () => expect.unreachable(),
    async () => 'done',
  );
  expect(answer).toBe('done');
});

test('a resource that outlives its span does not hold the span', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const started: WeakRef<ApiSpan>[] = [];
  const provider = new TracerProvider();
  const tracer = provider.getTracer('test');
  const spans = startWorkSpans({
    startSpan(...options: Parameters<typeof tracer.startSpan>) {
      const span = tracer.startSpan(...options);
      started.push(new WeakRef(span));
      return span;
    },
    startActiveSpan: tracer.startActiveSpan.bind(tracer),
  });
  onTestFinished(() => spans.close());
  const staying = new AbortController();
  onTestFinished(() => staying.abort());

  const work = { name: 'work', kind: 'WORK', isRoot: true, attributes: {} } as const;
  await traced(
    () => ({ ...work }),
    async () => {
      // As a connection does: it keeps the context in which it was opened.
      void delay(3_600_000, undefined, { signal: staying.signal }).catch(() => undefined);
    },
  );

  await expect
    .poll(() => {
      collectGarbage();
      return started.map((each) => each.deref() === undefined);
    })
    .toEqual([true]);
});
