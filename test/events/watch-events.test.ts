/** WatchEvents: the growing log, complete and in order, for readers that disconnect and resume. */
import { setTimeout as delay } from 'node:timers/promises';
import { Code, type ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startService } from '../../src/commands/start-service.ts';
import { type Limits, readConfig } from '../../src/config/config.ts';
import {
  decodePlace,
  encodePlace,
  type LogPage,
  type LogPlace,
  readLogPage,
} from '../../src/events/event-log.ts';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { BadRequestSchema, ErrorInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { createLogger } from '../../src/server/logger.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { readRows } from '../store/schema-dump.ts';
import { createAutomationClient } from '../support/automation.ts';
import { createEventSource, type EventSource } from '../support/event-source.ts';
import { createLogEvaluator, type LogEvaluatorOptions } from '../support/log-evaluator.ts';
import { useTestDatabasePerTest } from '../support/test-database.ts';
import { type EventWatcher, watch } from './event-watcher.ts';

const QUICK: Partial<Limits> = { watchPollMs: 10 };
const DEFAULT = readConfig({}).limits;

const db = useTestDatabasePerTest();
let source: EventSource;
let watchers: EventWatcher[] = [];
beforeEach(async () => {
  source = await createEventSource(db.database, 3);
});
afterEach(async () => {
  await Promise.all(watchers.map((watcher) => watcher.leave()));
  watchers = [];
});

function client(limits: Partial<Limits> = {}, draining?: AbortSignal, accountId = source.accountId) {
  return createAutomationClient(db.database, {
    accountId,
    clock: systemClock,
    limits: { ...QUICK, ...limits },
    ...(draining ? { draining } : {}),
  }).events;
}

async function start(...args: Parameters<typeof watch>): Promise<EventWatcher> {
  const watcher = await watch(...args);
  watchers.push(watcher);
  return watcher;
}

async function evaluateAll(options: LogEvaluatorOptions = {}): Promise<void> {
  const evaluate = createLogEvaluator(db.database, options);
  for (let partition = 0; partition < 32; partition += 1) {
    await evaluate(source.accountId, [partition]);
  }
}

/** Accepts and evaluates an event; returns the ids of its facts. */
async function acceptAndEvaluate(athlete = 0, type = 'session_completed', facts = 1): Promise<string[]> {
  const ids = await source.accept(athlete, { type, facts });
  await evaluateAll();
  return ids;
}

/** The id of the next transaction that writes. */
function nextTransaction(): Promise<bigint> {
  return db.database.transaction(source.accountId, async (tx) => {
    const { rows } = await sql<{
      id: string;
    }>`select pg_snapshot_xmax(pg_current_snapshot())::text as id`.execute(tx.sql);
    return BigInt(`${rows[0]?.id}`);
  });
}

/** Waits until every transaction with a lower id has ended, in all databases of the server. */
async function expectLogToReach(transaction: bigint): Promise<void> {
  const oldest = async () => {
    const [row] = await readRows<{ id: string }>(
      db.database,
      sql`select pg_snapshot_xmin(pg_current_snapshot())::text as id`,
    );
    return BigInt(`${row?.id}`);
  };
  await expect.poll(oldest).toBeGreaterThanOrEqual(transaction);
}

const readIds = ({ events }: EventWatcher) => events.map(({ id }) => id);
const readReason = (error: ConnectError | undefined) => error?.findDetails(ErrorInfoSchema)[0]?.reason;

describe('a reader of WatchEvents', () => {
  test('receives a token first, and then the events evaluated from now on', async () => {
    await acceptAndEvaluate();
    await expectLogToReach(await nextTransaction());
    const watcher = await start(client());
    expect(watcher.tokens).toHaveLength(1);
    expect(watcher.events).toEqual([]);
    const ids = await acceptAndEvaluate(0, 'set_logged', 3);
    await expect.poll(() => readIds(watcher)).toEqual(ids);
    expect(watcher.events[1]).toMatchObject({
      type: 'set_logged',
      userId: source.userIds[0],
      data: { n: 1 },
    });
  });

  test('resumes after any token without duplicates', async () => {
    const watcher = await start(client());
    const ids = [
      ...(await acceptAndEvaluate(0, 'set_logged', 3)),
      ...(await acceptAndEvaluate(1, 'set_logged', 2)),
    ];
    await expect.poll(() => readIds(watcher)).toHaveLength(5);
    await watcher.leave();
    ids.push(...(await acceptAndEvaluate(2)));
    for (const [position, resumeToken] of watcher.tokens.entries()) {
      const next = await start(client(), { resumeToken });
      await expect.poll(() => readIds(next)).toEqual(ids.slice(position));
      await next.leave();
    }
  });

  test.each([
    ['number', { watchedEvents: 1 }],
    ['bytes', { watchedBytes: 1 }],
  ])(
    'can start with the oldest event, and gets all in pages that are limited by their %s',
    async (_, limits) => {
      const ids = [...(await acceptAndEvaluate(0, 'set_logged', 3)), ...(await acceptAndEvaluate(1))];
      const place = (page: LogPage) => page.rows.at(-1)?.id;
      const read = (after: LogPlace) =>
        db.database.transaction(source.accountId, (tx) => readLogPage(tx, after, { ...DEFAULT, ...limits }));
      const first = await read(undefined);
      expect([first.rows.length, first.hasMore]).toEqual([1, true]);
      expect((await read(place(first))).rows[0]?.id).toBe(ids[1]);

      const watcher = await start(client(limits), { fromBeginning: true });
      await expect.poll(() => readIds(watcher)).toEqual(ids);
    },
  );

  test('receives only the requested types, and its token advances past other events', async () => {
    const watcher = await start(client({ watchHeartbeatMs: 20 }), {
      types: ['set_failed', 'payment_received'],
    });
    await acceptAndEvaluate();
    const ids = await acceptAndEvaluate(0, 'set_failed');
    const [last] = await acceptAndEvaluate();
    await expect.poll(() => readIds(watcher)).toEqual(ids);
    await expect.poll(() => decodePlace(source.accountId, `${watcher.tokens.at(-1)}`)).toBe(last);
    await watcher.leave();
    const all = await start(client(), { resumeToken: `${watcher.tokens.at(-1)}` });
    const later = await acceptAndEvaluate();
    await expect.poll(() => readIds(all)).toEqual(later);
  });

  test('receives no events of another account, and cannot use its token', async () => {
    const watcher = await start(client(), { fromBeginning: true });
    const other = await createEventSource(db.database, 1);
    const stranger = await start(client({}, undefined, other.accountId), { fromBeginning: true });
    const ids = await acceptAndEvaluate();
    await expect.poll(() => readIds(watcher)).toEqual(ids);
    expect(stranger.events).toEqual([]);
    const stolen = await start(client({}, undefined, other.accountId), {
      resumeToken: `${watcher.tokens[1]}`,
    });
    expect(await stolen.ended).toMatchObject({ code: Code.InvalidArgument });
  });

  test('receives heartbeats while there are no events', async () => {
    const watcher = await start(client({ watchHeartbeatMs: 30 }));
    await expect.poll(() => watcher.tokens.length).toBeGreaterThan(3);
    expect(watcher.events).toEqual([]);
  });
});

test('events evaluated after an uncommitted transaction wait for its commit', async () => {
  const [slow, quick] = await findAthletesInTwoPartitions();
  const first = await source.accept(slow);
  const [begun, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const evaluateLate = createLogEvaluator(db.database, {
    async beforeCommit() {
      begun.resolve();
      await held.promise;
    },
  });
  const late = evaluateLate(source.accountId, [await source.partitionOf(slow)]);
  await begun.promise;
  const watcher = await start(client(), { fromBeginning: true });
  const second = await acceptAndEvaluate(quick);
  await delay(100);
  expect(watcher.events).toEqual([]);
  held.resolve();
  await late;
  await expect.poll(() => readIds(watcher)).toEqual([...first, ...second]);
});

/** Finds two athletes in different partitions. */
async function findAthletesInTwoPartitions(): Promise<[number, number]> {
  const partition = await source.partitionOf(0);
  for (let athlete = 1; ; athlete += 1) {
    if (athlete === source.userIds.length) {
      source = await createEventSource(db.database, 10);
      return findAthletesInTwoPartitions();
    }
    if ((await source.partitionOf(athlete)) !== partition) {
      return [0, athlete];
    }
  }
}

describe('a stream of WatchEvents ends', () => {
  test('when the server drains, and can be resumed', async () => {
    const draining = new AbortController();
    const watcher = await start(client({}, draining.signal));
    const ids = await acceptAndEvaluate();
    await expect.poll(() => readIds(watcher)).toEqual(ids);
    draining.abort();
    const error = await watcher.ended;
    expect([error?.code, readReason(error)]).toEqual([Code.Unavailable, 'SHUTTING_DOWN']);
    const next = await start(client(), { resumeToken: `${watcher.tokens.at(-1)}` });
    const more = await acceptAndEvaluate();
    await expect.poll(() => readIds(next)).toEqual(more);
  });

  test('after watchMs', async () => {
    const watcher = await start(client({ watchMs: 100 }));
    expect(await watcher.ended).toBeUndefined();
  });

  test('at the deadline of the reader', async () => {
    const watcher = await start(client(), {}, { timeoutMs: 150 });
    expect(await watcher.ended).toMatchObject({ code: Code.DeadlineExceeded });
  });

  test.each<[string, { resumeToken: string; fromBeginning?: boolean }, string]>([
    ['an invalid token', { resumeToken: 'x' }, 'resume_token'],
    ['both a token and the beginning', { resumeToken: 'x', fromBeginning: true }, 'from_beginning'],
  ])('at once with %s', async (_, request, field) => {
    const watcher = await start(client(), request);
    const error = await watcher.ended;
    expect(error?.code).toBe(Code.InvalidArgument);
    expect(error?.findDetails(BadRequestSchema)[0]?.fieldViolations).toMatchObject([{ field }]);
  });

  test('when a failover or a restore has lost the event after which it continues', async () => {
    const token = encodePlace(source.accountId, crypto.randomUUID());
    const resumed = await start(client(), { resumeToken: token });
    expect(readReason(await resumed.ended)).toBe('EPOCH_CHANGED');

    const running = await start(client(), { fromBeginning: true });
    const [id] = await acceptAndEvaluate();
    await expect.poll(() => readIds(running)).toEqual([id]);
    await readRows(db.database, sql`delete from events where id = ${id} returning id`);
    expect(readReason(await running.ended)).toBe('EPOCH_CHANGED');
  });
});

describe('slots for watchers', () => {
  test('are limited per account, and released when a reader disconnects', async () => {
    const events = client({ watchersPerAccount: 2 });
    const first = await start(events);
    await start(events);
    const third = await start(events);
    expect(readReason(await third.ended)).toBe('RATE_LIMITED');
    await first.leave();
    await expect
      .poll(async () => {
        const again = await start(events);
        return again.tokens.length;
      })
      .toBe(1);
  });

  test('are limited per process', async () => {
    const events = client({ watchers: 1 });
    await start(events);
    const next = await start(events);
    expect(readReason(await next.ended)).toBe('OVERLOADED');
  });
});

test('WatchEvents works over a gRPC connection until the server stops', async () => {
  const service = await startService(
    readConfig({ PORT: '0', AUTOMATION_WORKERS: 'off' }),
    db.open(),
    createLogger('silent'),
  );
  const { accountId } = source;
  const transport = createGrpcTransport({
    baseUrl: service.url,
    interceptors: [
      (next) => (request) => {
        request.header.set('x-account-id', accountId);
        return next(request);
      },
    ],
  });
  const watcher = await start(createClient(EventService, transport));
  const ids = await acceptAndEvaluate();
  await expect.poll(() => readIds(watcher)).toEqual(ids);
  await service.close();
  const error = await watcher.ended;
  expect([error?.code, readReason(error)]).toEqual([Code.Unavailable, 'SHUTTING_DOWN']);
});

test('events are ordered by the numeric value of transaction ids', async () => {
  const numbers = [9, 10, 99, 100];
  const ids = await source.accept(0, { facts: numbers.length });
  await evaluateAll();
  for (const [index, id] of ids.entries()) {
    const number = sql`${String(numbers[index])}::xid8`;
    await readRows(
      db.database,
      sql`update events set transaction_id = ${number} where id = ${id} returning id`,
    );
  }
  const watcher = await start(client(), { fromBeginning: true });
  await expect.poll(() => readIds(watcher)).toEqual(ids);
});
