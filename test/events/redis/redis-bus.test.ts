/** The Redis bus: the records of streams, and evaluation while Redis is unavailable, hangs or loses data. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { BusWorkers, HandlePartitions } from '../../../src/events/event-bus.ts';
import { createPostgresBus } from '../../../src/events/postgres-bus.ts';
import { WORKER_GROUP } from '../../../src/events/redis/stream-reader.ts';
import { toStreamName } from '../../../src/events/redis/stream-record.ts';
import { readRows } from '../../store/schema-dump.ts';
import { countOutbox, createEventSource, type EventSource, readLog } from '../../support/event-source.ts';
import { createLogEvaluator } from '../../support/log-evaluator.ts';
import { createRedisServer, HAS_REDIS, type RedisServer } from '../../support/redis-server.ts';
import { useTestDatabasePerTest } from '../../support/test-database.ts';
import { BUS_LIMITS, type BusOptions, redisSetup } from '../bus-fixtures.ts';

const DOCUMENTATION = join(import.meta.dirname, '..', '..', '..', 'docs', 'events.md');
const PARTITIONS = Array.from({ length: 32 }, (_, partition) => partition);

describe.skipIf(!HAS_REDIS)('the bus on Redis Streams', () => {
  const db = useTestDatabasePerTest();
  let server: RedisServer;
  let running: BusWorkers[] = [];

  beforeEach(async () => {
    server = await createRedisServer();
  });
  afterEach(async () => {
    server.resume();
    await Promise.all(running.map((workers) => workers.stop()));
    running = [];
    await server.kill();
  });

  /**
   * Starts a process that relays and evaluates; without evaluation its handler reports every partition as
   * busy.
   */
  function startProcess(bus: BusOptions = {}, evaluates = true): BusWorkers {
    const database = db.open();
    const evaluate = createLogEvaluator(database, { isRelayed: true });
    const leave: HandlePartitions = async (_, partitions) => ({ busy: partitions, unfinished: [] });
    const handle = evaluates ? evaluate : leave;
    const workers = redisSetup(server).createBus(database, bus).start(handle);
    running.push(workers);
    return workers;
  }

  const createReader = () => createClient({ url: server.url, RESP: 2 }).on('error', () => {});

  async function withClient<T>(work: (client: ReturnType<typeof createReader>) => Promise<T>): Promise<T> {
    const client = createReader();
    await client.connect();
    try {
      return await work(client);
    } finally {
      client.destroy();
    }
  }

  /** All records of all streams, each stream in order. */
  function readStreams(): Promise<Record<string, string>[]> {
    return withClient(async (client) => {
      const streams = await Promise.all(
        PARTITIONS.map((each) => client.xRange(toStreamName(each), '-', '+')),
      );
      return streams.flat().map((each) => ({ ...each?.message }));
    });
  }

  const idsInStreams = async () => new Set((await readStreams()).map(({ id }) => id));

  async function expectAll(source: EventSource, accepted: readonly string[][]): Promise<void> {
    const all = new Set(accepted.flat());
    await expect.poll(async () => (await readLog(db.database, source.accountId)).length).toBe(all.size);
    expect(new Set((await readLog(db.database, source.accountId)).map(({ id }) => id))).toEqual(all);
  }

  /** Accepts events one after the other until stopped; returns the accepted ids. */
  function keepAccepting(source: EventSource): () => Promise<string[][]> {
    const accepted: string[][] = [];
    let isOver = false;
    const run = (async () => {
      for (let n = 0; !isOver; n += 1) {
        accepted.push(await source.accept(n % source.userIds.length));
      }
    })();
    return async () => {
      isOver = true;
      await run;
      return accepted;
    };
  }

  test('writes records with the attributes of CloudEvents', async () => {
    await server.start();
    startProcess();
    const { accountId, userIds, accept } = await createEventSource(db.database, 1);
    const [first, second] = await accept(0, { facts: 2, type: 'set_logged' });
    await expect.poll(readStreams).toHaveLength(2);
    const [record, next] = await readStreams();
    expect(record).toEqual({
      specversion: '1.0',
      id: first,
      source: `/accounts/${accountId}`,
      type: 'set_logged',
      subject: userIds[0],
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
      datacontenttype: 'application/json',
      data: '{"n":0}',
      account: accountId,
      partition: expect.stringMatching(/^\d+$/),
      sequence: expect.stringMatching(/^\d+$/),
      position: '0',
      recordedtime: expect.stringMatching(/Z$/),
      actor: 'SYSTEM',
      rootid: first,
      depth: '0',
    });
    expect(next).toMatchObject({ id: second, position: '1', sequence: record?.sequence });
  });

  test('writes the records of an athlete in the order of acceptance, and trims streams to streamRecords', async () => {
    await server.start();
    startProcess({ limits: { streamRecords: 100, relayedEntries: 50 } });
    const source = await createEventSource(db.database, 2);
    const accepted: string[][] = [];
    for (let n = 0; n < 40; n += 1) {
      accepted.push(await source.accept(n % 2));
    }
    await expect.poll(async () => (await readStreams()).length).toBe(40);
    const records = await readStreams();
    for (const [athlete, userId] of source.userIds.entries()) {
      const ids = records.filter(({ subject }) => subject === userId).map(({ id }) => id);
      expect(ids).toEqual(accepted.filter((_, n) => n % 2 === athlete).flat());
    }
    await source.accept(0, { facts: 400 });
    const ofFirst = async () => (await readStreams()).filter(({ subject }) => subject === source.userIds[0]);
    await expect.poll(async () => (await ofFirst()).at(-1)?.position).toBe('399');
    // Redis drops whole nodes of a hundred records.
    expect((await ofFirst()).length).toBeLessThan(300);
  });

  test('acknowledges handled records, and leaves the consumer group when stopped', async () => {
    await server.start();
    const workers = startProcess();
    const source = await createEventSource(db.database, 5);
    await expectAll(source, await Promise.all([0, 1, 2, 3, 4].map((athlete) => source.accept(athlete))));
    await withClient(async (client) => {
      const countPending = async () => {
        const groups = await Promise.all(PARTITIONS.map((each) => client.xInfoGroups(toStreamName(each))));
        return groups.flat().reduce((sum, group) => sum + group.pending, 0);
      };
      await expect.poll(countPending).toBe(0);
      await workers.stop();
      const consumers = await Promise.all(
        PARTITIONS.map((each) => client.xInfoConsumers(toStreamName(each), WORKER_GROUP)),
      );
      expect(consumers.flat()).toEqual([]);
    });
  });

  test('evaluates events without Redis, and relays them when Redis becomes available', async () => {
    startProcess();
    const source = await createEventSource(db.database, 3);
    const accepted = await Promise.all([0, 1, 2, 0, 1].map((athlete) => source.accept(athlete)));
    await expectAll(source, accepted);
    expect(await countOutbox(db.database, source.accountId)).toBe(5);
    await server.start();
    await expect.poll(idsInStreams).toEqual(new Set(accepted.flat()));
    await expect.poll(() => countOutbox(db.database, source.accountId)).toBe(0);
  });

  test('can be given up, with the statement of the documentation', async () => {
    const workers = startProcess();
    const source = await createEventSource(db.database, 3);
    const accepted = [await source.accept(0), await source.accept(1)];
    await expectAll(source, accepted);
    await workers.stop();
    accepted.push(await source.accept(2));
    const [, statement = ''] = /`(delete from outbox[^`]*)`/.exec(readFileSync(DOCUMENTATION, 'utf8')) ?? [];
    expect(await readRows(db.database, sql`${sql.raw(statement)} returning id`)).toHaveLength(2);

    const database = db.open();
    const handle = createLogEvaluator(database, { isRelayed: false });
    const onError = (error: unknown) => expect.fail(`${error}`);
    running.push(createPostgresBus({ database, limits: BUS_LIMITS, onError }).start(handle));

    await expectAll(source, accepted);
    await expect.poll(() => countOutbox(db.database, source.accountId)).toBe(0);
  });

  test('relays events that were evaluated before they were relayed', async () => {
    await server.start();
    const source = await createEventSource(db.database, 1);
    const database = db.open();
    const accepted = [await source.accept(0)];
    const { partition } = await database.transaction(source.accountId, async (tx) => {
      const { rows } = await sql<{ partition: number }>`select partition from outbox`.execute(tx.sql);
      return rows[0] ?? expect.unreachable();
    });
    await createLogEvaluator(database, { isRelayed: true })(source.accountId, [partition]);
    await expectAll(source, accepted);
    startProcess();
    await expect.poll(idsInStreams).toEqual(new Set(accepted.flat()));
    await expect.poll(() => countOutbox(db.database, source.accountId)).toBe(0);
  });

  test('loses and repeats no event when Redis restarts without its data under load', async () => {
    await server.start();
    startProcess();
    startProcess();
    const source = await createEventSource(db.database, 20);
    const stop = keepAccepting(source);
    const inLog = async () => (await readLog(db.database, source.accountId)).length;
    await expect.poll(inLog).toBeGreaterThan(50);
    await server.kill();
    const before = await inLog();
    await expect.poll(inLog).toBeGreaterThan(before + 50);
    await server.start();
    const marker = await source.accept(0);
    await expect.poll(idsInStreams).toContain(marker[0]);
    await expectAll(source, [...(await stop()), marker]);
    await expect.poll(() => countOutbox(db.database, source.accountId)).toBe(0);
  });

  test('goes on without an error when Redis is emptied', async () => {
    await server.start();
    const errors: unknown[] = [];
    const source = await createEventSource(db.database, 4);
    startProcess({ onError: (error) => errors.push(error) });
    const stopAccepting = keepAccepting(source);
    for (let times = 1; times <= 5; times += 1) {
      await expect.poll(readStreams).not.toHaveLength(0);
      await withClient((client) => client.flushAll());
    }

    await expectAll(source, await stopAccepting());
    expect(errors).toEqual([]);
  });

  test('reports once that Redis has no memory left, and relays when it has some', async () => {
    await server.start();
    const errors: unknown[] = [];
    const refusals: unknown[] = [];
    const source = await createEventSource(db.database, 1);
    await withClient((client) => client.configSet('maxmemory', '1'));
    startProcess({ onError: (error) => errors.push(error), onDisconnect: (error) => refusals.push(error) });
    const accepted = [await source.accept(0), await source.accept(0)];
    await expectAll(source, accepted);
    await expect.poll(() => refusals.length).toBe(1);

    await withClient((client) => client.configSet('maxmemory', '0'));

    await expect.poll(idsInStreams).toEqual(new Set(accepted.flat()));
    expect([errors, refusals.length]).toEqual([[], 1]);
  });

  test('treats a Redis that does not respond as disconnected', async () => {
    await server.start();
    const onDisconnect = vi.fn();
    startProcess({ onDisconnect, onError: (error) => expect.fail(`${error}`) });
    const source = await createEventSource(db.database, 2);
    const accepted = [await source.accept(0)];
    await expectAll(source, accepted);
    server.pause();
    accepted.push(await source.accept(0), await source.accept(1));
    await expectAll(source, accepted);
    await expect.poll(() => onDisconnect.mock.calls.length).toBe(1);
    server.resume();
    await expect.poll(idsInStreams).toEqual(new Set(accepted.flat()));
  });

  test('finds events in PostgreSQL whose records Redis has lost', async () => {
    await server.start();
    startProcess();
    const source = await createEventSource(db.database, 1);
    const accepted = [await source.accept(0)];
    await expectAll(source, accepted);
    // An entry marked as relayed, without a record in Redis.
    const id = uuidv7();
    await readRows(
      db.database,
      sql`insert into outbox (account_id, id, user_id, facts, occurred_at, relayed_at)
          values (${source.accountId}, ${uuidv7()}, ${source.userIds[0]},
            ${JSON.stringify([{ id, type: 'set_logged', data: {} }])}::jsonb, now(), now()) returning id`,
    );
    await expectAll(source, [...accepted, [id]]);
    expect(await idsInStreams()).not.toContain(id);
  });

  test('claims records that another process read and did not acknowledge', async () => {
    await server.start();
    const withoutPolling = { limits: { redisDeliveryTimeoutMs: 60_000 } };
    startProcess(withoutPolling, false);
    startProcess(withoutPolling);
    const source = await createEventSource(db.database, 40);
    await expectReaders(2);
    // Both processes receive some of the records.
    const accepted: string[][] = [];
    for (const athlete of source.userIds.keys()) {
      accepted.push(await source.accept(athlete));
    }
    await expectAll(source, accepted);
  });

  /** Waits until `count` processes block on reading. */
  async function expectReaders(count: number): Promise<void> {
    const blocked = () => withClient((client) => client.info('clients'));
    await expect.poll(blocked).toContain(`blocked_clients:${count}`);
  }
});
