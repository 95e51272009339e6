/**
 * Many concurrent transactions accept and evaluate events and commit after random delays. No event is lost on its way to
 * the log, to a reader of the log that reconnects, and to the streams of Redis, and each athlete's events are in order.
 * LATE_COMMITS is the number of events, LATE_COMMITS_SEED the seed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@connectrpc/connect';
import { createClient as createRedisClient } from '@redis/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BusWorkers } from '../../src/events/event-bus.ts';
import { createPostgresBus } from '../../src/events/postgres-bus.ts';
import { createRedisBus } from '../../src/events/redis/redis-bus.ts';
import { toStreamName } from '../../src/events/redis/stream-record.ts';
import type { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import type { Database } from '../../src/store/database.ts';
import { BUS_LIMITS } from '../events/bus-fixtures.ts';
import { createAutomationClient } from '../support/automation.ts';
import { createEventSource, type EventSource, idsByUser, readLog } from '../support/event-source.ts';
import { createLogEvaluator } from '../support/log-evaluator.ts';
import { createRedisServer, HAS_REDIS, type RedisServer } from '../support/redis-server.ts';
import { useTestDatabasePerTest } from '../support/test-database.ts';

const COUNT = Number(process.env.LATE_COMMITS || 1_000);
const SEED = Number(process.env.LATE_COMMITS_SEED || 1);
const TIMEOUT_MS = 60_000 + COUNT * 20;
/** Together with the workers' connections, at most the hundred that PostgreSQL has by default. */
const AT_ONCE = 24;
const ATHLETES = 60;
const LATEST_MS = 25;

const db = useTestDatabasePerTest();

/** Numbers from 0 to 1, the same for the same seed. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Accepts this number of events, concurrently, each athlete's one after the other; returns each athlete's, in order.
 */
async function acceptAll(source: EventSource, random: () => number): Promise<Map<string, string[]>> {
  const accepted = new Map<string, string[]>(source.userIds.map((id) => [id, []]));
  const turns = Array.from({ length: COUNT }, () => Math.floor(random() * ATHLETES));
  const busy = new Map<number, Promise<unknown>>();
  const work = async () => {
    for (let athlete = turns.pop(); athlete !== undefined; athlete = turns.pop()) {
      const own = athlete;
      const waitMs = random() * LATEST_MS;
      const before = busy.get(own);
      const accepting = (async () => {
        await before;
        const ids = await source.accept(own, { facts: 1, beforeCommit: () => delay(waitMs) });
        accepted.get(`${source.userIds[own]}`)?.push(...ids);
      })();
      busy.set(own, accepting);
      await accepting;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return accepted;
}

/** Reads the log from the beginning, and now and then disconnects and resumes with the last token. */
function followLog(events: Client<typeof EventService>, random: () => number) {
  const seen: { id: string; userId: string }[] = [];
  let isOver = false;
  let leaving = new AbortController();
  const run = (async () => {
    let resumeToken = '';
    while (!isOver) {
      leaving = new AbortController();
      let messages = 20 + random() * 80;
      try {
        const request = resumeToken ? { resumeToken } : { fromBeginning: true };
        for await (const message of events.watchEvents(request, { signal: leaving.signal })) {
          resumeToken = message.resumeToken;
          if (message.event) {
            seen.push({ id: message.event.id, userId: message.event.userId });
          }
          messages -= 1;
          if (messages < 0) {
            leaving.abort();
          }
        }
      } catch (error) {
        if (!leaving.signal.aborted) {
          throw error;
        }
      }
    }
  })();
  return {
    seen,
    async stop() {
      isOver = true;
      leaving.abort();
      await run;
    },
  };
}

let evaluators: BusWorkers[] = [];
afterEach(async () => {
  await Promise.all(evaluators.map((each) => each.stop()));
});

function startEvaluators(
  createBus: (database: Database) => ReturnType<typeof createPostgresBus>,
  random: () => number,
  isRelayed: boolean,
) {
  evaluators = [1, 2].map(() => {
    const database = db.open();
    const beforeCommit = () => delay(random() * LATEST_MS);
    return createBus(database).start(createLogEvaluator(database, { limit: 10, isRelayed, beforeCommit }));
  });
}

const fail = (error: unknown) => {
  throw error;
};

test(`${COUNT} events in transactions that commit late reach the log and its readers`, {
  timeout: TIMEOUT_MS,
}, async () => {
  const random = createRandom(SEED);
  const source = await createEventSource(db.open({ connections: AT_ONCE }), ATHLETES);
  startEvaluators(
    (database) => createPostgresBus({ database, limits: BUS_LIMITS, onError: fail }),
    random,
    false,
  );
  const { events } = createAutomationClient(db.open(), {
    accountId: source.accountId,
    limits: { watchPollMs: 10, watchedEvents: 20 },
  });
  const reader = followLog(events, random);
  const accepted = await acceptAll(source, random);
  await expect.poll(() => reader.seen.length, { timeout: TIMEOUT_MS }).toBeGreaterThanOrEqual(COUNT);
  await reader.stop();
  const log = idsByUser(await readLog(db.database, source.accountId));
  for (const [userId, ids] of accepted) {
    expect(log.get(userId) ?? []).toEqual(ids);
    expect(reader.seen.filter((event) => event.userId === userId).map(({ id }) => id)).toEqual(ids);
  }
});

describe.skipIf(!HAS_REDIS)('with Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await createRedisServer();
    await server.start();
  });
  afterAll(() => server?.kill());

  test(`${COUNT} events in transactions that commit late are relayed`, { timeout: TIMEOUT_MS }, async () => {
    const random = createRandom(SEED + 1);
    const source = await createEventSource(db.open({ connections: AT_ONCE }), ATHLETES);
    const limits = { ...BUS_LIMITS, relayedEntries: 20 };
    const createBus = (database: Database) =>
      createRedisBus({ url: server.url, database, limits, onError: fail, onDisconnect: () => {} });
    startEvaluators(createBus, random, true);
    const accepted = await acceptAll(source, random);
    await expect
      .poll(async () => (await readLog(db.database, source.accountId)).length, { timeout: TIMEOUT_MS })
      .toBe(COUNT);
    const records = () => readRecords(server.url, source.accountId);
    await expect
      .poll(async () => new Set((await records()).map(({ id }) => id)).size, {
        timeout: TIMEOUT_MS,
        interval: 500,
      })
      .toBe(COUNT);
    for (const [userId, ids] of accepted) {
      const relayed = (await records()).filter(({ subject }) => subject === userId).map(({ id }) => `${id}`);
      // A record may come twice; the first ones are in order.
      expect([...new Set(relayed)]).toEqual(ids);
    }
  });
});

async function readRecords(url: string, accountId: string): Promise<Record<string, string>[]> {
  const client = createRedisClient({ url, RESP: 2 });
  await client.connect();
  const partitions = Array.from({ length: 32 }, (_, partition) => partition);
  const streams = await Promise.all(partitions.map((each) => client.xRange(toStreamName(each), '-', '+')));
  client.destroy();
  return streams
    .flat()
    .map((each) => ({ ...each?.message }))
    .filter(({ account }) => account === accountId);
}
