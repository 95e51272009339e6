/**
 * Kills server processes with 50 waiting events, or in the middle of a batch: each event is evaluated once
 * and starts its workflow once. `npm run kills` repeats each test 20 times; KILLS sets the number.
 */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRows } from '../store/schema-dump.ts';
import { countOutbox, createEventSource, type EventSource } from '../support/event-source.ts';
import { holdVersions } from '../support/held-versions.ts';
import { callAutomation, kill, useKillableServers } from '../support/killable-servers.ts';
import { createRedisServer, HAS_REDIS, type RedisServer } from '../support/redis-server.ts';
import { useTestDatabase } from '../support/test-database.ts';

const KILLS = Number(process.env.KILLS || 2);
const EVENTS = 50;
const TIMEOUT_MS = 60_000;

const db = useTestDatabase();
let redis: RedisServer;
beforeAll(async () => {
  redis = await createRedisServer();
  if (HAS_REDIS) {
    await redis.start();
  }
});
afterAll(async () => {
  await redis?.kill();
});

const start = useKillableServers(() => db.url);

/** Creates an account in which every payment starts a workflow. */
async function createAutomatedAccount(url: string): Promise<EventSource> {
  const source = await createEventSource(db.database, 20);
  const { workflow } = await callAutomation(url, source.accountId, 'WorkflowService/CreateWorkflow', {
    name: 'Thank',
    trigger: { triggerEvent: 'payment_received', settings: { policy: 'ENROLLMENT_POLICY_MULTIPLE' } },
    actions: [{ addTag: { tag: 'paid' } }],
  });
  await callAutomation(url, source.accountId, 'WorkflowService/ActivateWorkflow', {
    workflowId: workflow.id,
  });
  return source;
}

/** Publishes events; resolves with their ids when they are acknowledged. */
async function publish(url: string, { accountId, userIds }: EventSource): Promise<string[]> {
  const events = Array.from({ length: EVENTS }, (_, n) => ({
    id: uuidv7(),
    type: 'payment_received',
    userId: userIds[n % userIds.length],
    data: { amount: '10' },
  }));
  const { results } = await callAutomation(url, accountId, 'EventService/PublishEvents', { events });
  expect(new Set(results.map(({ outcome }: { outcome: string }) => outcome))).toEqual(
    new Set(['PUBLISH_OUTCOME_ACCEPTED']),
  );
  return events.map(({ id }) => id);
}

async function payments(accountId: string): Promise<string[]> {
  const rows = await readRows<{ id: string }>(
    db.database,
    sql`select id from events where account_id = ${accountId} and type = 'payment_received'`,
  );
  return rows.map(({ id }) => id);
}

/** Expects each event in the log with one run, and an empty outbox. */
async function expectDoneOnce({ accountId }: EventSource, ids: readonly string[]): Promise<void> {
  await expect
    .poll(async () => (await payments(accountId)).toSorted(), { timeout: 30_000 })
    .toEqual(ids.toSorted());
  const runs = await readRows<{ event_id: string; state: string }>(
    db.database,
    sql`select event_id, state from workflow_enrollments where account_id = ${accountId}`,
  );
  expect(runs.map(({ event_id }) => event_id).toSorted()).toEqual(ids.toSorted());
  await expect.poll(() => countOutbox(db.database, accountId), { timeout: 30_000 }).toBe(0);
}

const BUSES = [
  { bus: 'PostgreSQL', isHere: true, environment: () => ({}) },
  { bus: 'Redis Streams', isHere: HAS_REDIS, environment: () => ({ REDIS_URL: redis.url }) },
];

describe.each(BUSES)('on $bus, each event is evaluated once', ({ isHere, environment }) => {
  const repetitions = Array.from({ length: KILLS }, (_, n) => n + 1);

  test.skipIf(!isHere)(
    'when the process that accepted 50 events is killed',
    { timeout: KILLS * TIMEOUT_MS },
    async () => {
      for (const repetition of repetitions) {
        const taking = await start(environment());
        const source = await createAutomatedAccount(taking.url);
        const ids = await publish(taking.url, source);
        // Killed after a varying delay, so that some events are evaluated and some are not.
        await new Promise((resolve) => setTimeout(resolve, (repetition * 13) % 80));
        await kill(taking);
        const next = await start(environment());
        await expectDoneOnce(source, ids);
        await kill(next);
      }
    },
  );

  test.skipIf(!isHere)(
    'when a process is killed in the middle of a batch',
    { timeout: KILLS * TIMEOUT_MS },
    async () => {
      for (const _ of repetitions) {
        const taking = await start({ AUTOMATION_WORKERS: 'off', ...environment() });
        const source = await createAutomatedAccount(taking.url);
        const ids = await publish(taking.url, source);
        // No run can be inserted while its workflow version is locked, so batches stop in the middle.
        const held = await holdVersions(db, source.accountId);
        const working = await start(environment());
        await held.isWaitedFor();
        await kill(working);
        await held.release();
        expect(await payments(source.accountId)).toEqual([]);
        const next = await start(environment());
        await expectDoneOnce(source, ids);
        await Promise.all([kill(next), kill(taking)]);
      }
    },
  );

  test.skipIf(!isHere)('when one of three processes is killed', { timeout: TIMEOUT_MS }, async () => {
    const [first, second, third] = await Promise.all([1, 2, 3].map(() => start(environment())));
    if (!first || !second || !third) {
      expect.unreachable();
    }
    const source = await createAutomatedAccount(first.url);
    const ids = [];
    for (const [turn, { url }] of [first, second, third, second].entries()) {
      ids.push(...(await publish(url, source)));
      if (turn === 1) {
        await kill(first);
      }
    }
    await expectDoneOnce(source, ids);
  });
});
