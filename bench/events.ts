/**
 * The benchmark of events: 1,000 published per second, on each bus, none lost or doubled; then the maximum
 * throughput.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createClient, type Interceptor } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { createClient as createRedisClient } from '@redis/client';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { toStreamName } from '../src/events/redis/stream-record.ts';
import { EventService, PublishOutcome } from '../src/gen/automation/v1/event_service_pb.ts';
import type { Database } from '../src/store/database.ts';
import { PARTITIONS } from '../src/store/lock-partition.ts';
import { instantFromText } from '../src/values/instant.ts';
import { systemClock } from '../src/values/system-clock.ts';
import { hasCommand } from '../test/support/commands.ts';
import { createRedisServer } from '../test/support/redis-server.ts';
import { mean, percentile } from './figures.ts';
import { ACCOUNT_ID, userId } from './fixture.ts';
import { followLog, type SeenEvents } from './follow-log.ts';
import { withDatabase, withServedAthletes } from './served.ts';
import { addTriggers, allOf } from './trigger-fixture.ts';

const USERS = 20_000;
const EVENTS_PER_SECOND = 1_000;
const EVENTS_PER_CALL = 75;
const SECONDS = Number(process.argv[3] || 60);
/** One of the triggers on the event type matches every tenth event; the others match none. */
const TRIGGERS = 20;
const MATCHING = 10;
const FLAT_OUT = { inFlight: 4, eventsPerCall: 100, seconds: 10 };
const PATIENCE_MS = 60_000;
const LEGEND = `
processed_*: from when the service recorded an event, before its commit, to when it was evaluated and in the log
commit_to_log_*: the same from its commit, which is just before PublishEvents answered for it
commit_to_stream_*: from its commit to its record in Redis' stream, where a worker reads it
recorded_to_stream_*: the same from when the service recorded it
`;

type Events = Client<typeof EventService>;

/** Prints one line per figure, and at the end all of them as JSON. */
export async function runEventBench(): Promise<void> {
  process.stdout.write(LEGEND);
  const figures: Record<string, unknown> = { postgres: await benchBus('PostgreSQL', undefined) };
  if (hasCommand('redis-server')) {
    const server = await createRedisServer();
    await server.start();
    try {
      figures.redis = await benchBus('Redis Streams', server.url);
    } finally {
      await server.kill();
    }
  } else {
    process.stdout.write('Redis Streams: not measured, there is no redis-server on the PATH\n');
  }
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

async function benchBus(name: string, redisUrl: string | undefined) {
  let figures = {};
  const environment: Record<string, string> = redisUrl ? { REDIS_URL: redisUrl } : {};
  await withServedAthletes({ users: USERS, environment }, ({ url, databaseUrl }) =>
    withDatabase(databaseUrl, async (database) => {
      await addTriggers(database, {
        event: 'payment_received',
        count: TRIGGERS,
        filterOf: (n) =>
          allOf({ field: 'product', operator: 'equals', value: n === 1 ? 'matching' : `other ${n}` }),
      });
      const events = createClient(
        EventService,
        createGrpcTransport({ baseUrl: url, interceptors: [asAccount] }),
      );
      process.stdout.write(`\n${name}\n`);
      const steady = await runSteadily(database, events, redisUrl);
      figures = { ...steady, ...(await runFlatOut(database, events)) };
    }),
  );
  return figures;
}

const asAccount: Interceptor = (next) => (request) => {
  request.header.set('x-account-id', ACCOUNT_ID);
  return next(request);
};

let published = 0;

/** Events of athletes in turn; a trigger matches every tenth one. */
function nextEvents(count: number) {
  return Array.from({ length: count }, () => {
    published += 1;
    return {
      id: uuidv7(),
      type: 'payment_received',
      userId: userId((published % USERS) + 1),
      data: {
        amount: '49.90',
        currency: 'EUR',
        payment_id: `pay-${published}`,
        product: published % MATCHING === 0 ? 'matching' : 'coaching',
      },
    };
  });
}

/** By the clock that the service and Redis use. */
function nowMs(): number {
  return Number(systemClock()) / 1000;
}

interface Acknowledged {
  readonly ids: string[];
  /** When each of them was acknowledged, in milliseconds since 1970. */
  readonly answeredAtMs: Map<string, number>;
  /** The number of them that a trigger matches. */
  matching: number;
  readonly callsMs: number[];
  failed: number;
}

function nothingYet(): Acknowledged {
  return { ids: [], answeredAtMs: new Map(), matching: 0, callsMs: [], failed: 0 };
}

async function publish(events: Events, count: number, into: Acknowledged): Promise<void> {
  const batch = nextEvents(count);
  const beganMs = performance.now();
  try {
    const { results } = await events.publishEvents({ events: batch });
    const answeredAtMs = nowMs();
    into.callsMs.push(performance.now() - beganMs);
    for (const [index, { id, outcome }] of results.entries()) {
      if (outcome === PublishOutcome.ACCEPTED) {
        into.ids.push(id);
        into.answeredAtMs.set(id, answeredAtMs);
        into.matching += batch[index]?.data.product === 'matching' ? 1 : 0;
      } else {
        into.failed += 1;
      }
    }
  } catch {
    into.failed += batch.length;
  }
}

/** Publishes at a fixed rate, independent of earlier answers; then checks that each event took effect once. */
async function runSteadily(database: Database, events: Events, redisUrl: string | undefined) {
  const seen = followLog(database);
  const acknowledged = nothingYet();
  const calls: Promise<void>[] = [];
  const startedMs = performance.now();
  const total = Math.round((EVENTS_PER_SECOND * SECONDS) / EVENTS_PER_CALL);
  for (let n = 0; n < total; n += 1) {
    const dueMs = startedMs + (n * EVENTS_PER_CALL * 1000) / EVENTS_PER_SECOND;
    await delay(Math.max(0, dueMs - performance.now()));
    calls.push(publish(events, EVENTS_PER_CALL, acknowledged));
  }
  await Promise.all(calls);
  const lastMs = performance.now();
  await waitFor(() => seen.delaysMs.length >= acknowledged.ids.length);
  const backlogMs = performance.now() - lastMs;
  const { matching } = acknowledged;
  const enrolled = await settledEnrollments(database, matching);
  await seen.stop();
  const discrepancies = compare(acknowledged.ids, seen);
  const relayed = redisUrl ? await readRelayed(redisUrl, acknowledged) : undefined;
  const [calls50, calls99] = [percentile(acknowledged.callsMs, 0.5), percentile(acknowledged.callsMs, 0.99)];
  const { delaysMs } = seen;
  const figures = {
    seconds: SECONDS,
    acknowledged: acknowledged.ids.length,
    refused: acknowledged.failed,
    ...discrepancies,
    matching,
    enrolled,
    ...(relayed ?? {}),
    call_p50_ms: round(calls50),
    call_p99_ms: round(calls99),
    processed_mean_ms: round(mean(delaysMs)),
    processed_p50_ms: round(percentile(delaysMs, 0.5)),
    processed_p99_ms: round(percentile(delaysMs, 0.99)),
    ...delayFigures('commit_to_log', delaysBetween(acknowledged.answeredAtMs, seen.seenAtMs)),
    backlog_gone_after_ms: Math.round(backlogMs),
  };
  report(`${EVENTS_PER_SECOND} events/s for ${SECONDS} s`, figures);
  return figures;
}

/** The maximum throughput: calls with 100 events, 4 in flight; and the time until all are evaluated. */
async function runFlatOut(database: Database, events: Events) {
  const seen = followLog(database);
  const acknowledged = nothingYet();
  const startedMs = performance.now();
  const endMs = startedMs + FLAT_OUT.seconds * 1000;
  const work = async () => {
    while (performance.now() < endMs) {
      await publish(events, FLAT_OUT.eventsPerCall, acknowledged);
    }
  };
  await Promise.all(Array.from({ length: FLAT_OUT.inFlight }, work));
  const acceptedMs = performance.now() - startedMs;
  await waitFor(() => seen.delaysMs.length >= acknowledged.ids.length);
  const evaluatedMs = performance.now() - startedMs;
  await seen.stop();
  const figures = {
    flat_out_accepted_per_second: Math.round((acknowledged.ids.length * 1000) / acceptedMs),
    flat_out_evaluated_per_second: Math.round((acknowledged.ids.length * 1000) / evaluatedMs),
    ...prefixed('flat_out_', compare(acknowledged.ids, seen)),
  };
  report('as many as go through', figures);
  return figures;
}

function compare(ids: readonly string[], { counts }: SeenEvents) {
  const lost = ids.filter((id) => !counts.has(id)).length;
  const doubled = ids.filter((id) => (counts.get(id) ?? 0) > 1).length;
  return { evaluated: ids.length - lost, lost, doubled };
}

async function settledEnrollments(database: Database, expected: number): Promise<number> {
  const count = () =>
    database.transaction(ACCOUNT_ID, async (tx) => {
      const { rows } = await sql<{ count: number }>`
        select count(*)::int as count from workflow_enrollments where account_id = ${ACCOUNT_ID}`.execute(
        tx.sql,
      );
      return rows[0]?.count ?? 0;
    });
  await waitFor(async () => (await count()) >= expected);
  return count();
}

/** The number of events in the streams, their delay, and the number with more than one record. */
async function readRelayed(url: string, { ids, answeredAtMs }: Acknowledged) {
  const client = createRedisClient({ url, RESP: 2 });
  await client.connect();
  const counts = new Map<string, number>();
  const recordedAtMs = new Map<string, number>();
  const addedAtMs = new Map<string, number>();
  const read = async () => {
    counts.clear();
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      for (const each of (await client.xRange(toStreamName(partition), '-', '+')) ?? []) {
        const id = `${each?.message.id}`;
        counts.set(id, (counts.get(id) ?? 0) + 1);
        if (each && counts.get(id) === 1) {
          recordedAtMs.set(id, Number(instantFromText(`${each.message.recordedtime}`)) / 1000);
          // A record's own id begins with when Redis added it.
          addedAtMs.set(id, Number.parseInt(each.id, 10));
        }
      }
    }
    return ids.every((id) => counts.has(id));
  };
  await waitFor(read, 500);
  client.destroy();
  return {
    relayed: ids.filter((id) => counts.has(id)).length,
    relayed_twice: ids.filter((id) => (counts.get(id) ?? 0) > 1).length,
    ...delayFigures('commit_to_stream', delaysBetween(answeredAtMs, addedAtMs)),
    ...delayFigures('recorded_to_stream', delaysBetween(recordedAtMs, addedAtMs)),
  };
}

/** Not below 0: an event that was there before its publisher had the answer has no delay. */
function delaysBetween(from: ReadonlyMap<string, number>, to: ReadonlyMap<string, number>): number[] {
  return [...from].flatMap(([id, fromMs]) => {
    const toMs = to.get(id);
    return toMs === undefined ? [] : [Math.max(0, toMs - fromMs)];
  });
}

function delayFigures(name: string, delaysMs: readonly number[]): Record<string, number> {
  return {
    [`${name}_p50_ms`]: round(percentile(delaysMs, 0.5)),
    [`${name}_p99_ms`]: round(percentile(delaysMs, 0.99)),
  };
}

async function waitFor(condition: () => boolean | Promise<boolean>, pauseMs = 20): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  while (!(await condition()) && performance.now() < endMs) {
    await delay(pauseMs);
  }
}

function prefixed(prefix: string, figures: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${prefix}${name}`, value]));
}

function report(name: string, figures: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`  ${name}\n`);
  for (const [figure, value] of Object.entries(figures)) {
    process.stdout.write(`    ${figure.padEnd(32)} ${value}\n`);
  }
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
