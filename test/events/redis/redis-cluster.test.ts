/** The bus on a Redis Cluster whose masters are killed under load: nothing is lost, and relaying goes on. */
import { createCluster } from '@redis/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BusWorkers } from '../../../src/events/event-bus.ts';
import { isClusterNode } from '../../../src/events/redis/redis-connection.ts';
import { toStreamName } from '../../../src/events/redis/stream-record.ts';
import { PARTITIONS } from '../../../src/store/lock-partition.ts';
import { countOutbox, createEventSource, type EventSource, readLog } from '../../support/event-source.ts';
import { createLogEvaluator } from '../../support/log-evaluator.ts';
import { createRedisCluster, type RedisCluster } from '../../support/redis-cluster.ts';
import { createRedisServer, HAS_REDIS } from '../../support/redis-server.ts';
import { runCommand } from '../../support/service-process.ts';
import { useTestDatabasePerTest } from '../../support/test-database.ts';
import { BUS_LIMITS, redisSetup } from '../bus-fixtures.ts';

const TIMEOUT_MS = 90_000;
const AFTERWARDS = 20;

describe.skipIf(!HAS_REDIS)('a Redis Cluster', () => {
  const db = useTestDatabasePerTest();
  let cluster: RedisCluster;
  let workers: BusWorkers | undefined;
  beforeEach(async () => {
    cluster = await createRedisCluster();
  }, TIMEOUT_MS);
  afterEach(async () => {
    await workers?.stop();
    await cluster.close();
  });

  function startProcess(): void {
    const database = db.open();
    const evaluate = createLogEvaluator(database, { isRelayed: true });
    workers = redisSetup(cluster).createBus(database).start(evaluate);
  }

  /** The ids of all records in the streams, which are on one node. */
  async function idsInStreams(): Promise<Set<string>> {
    const rootNodes = [{ url: cluster.nodeUrl }];
    const reader = createCluster({ RESP: 2, rootNodes, minimizeConnections: true }).on('error', () => {});
    await reader.connect();
    try {
      const names = Array.from({ length: PARTITIONS }, (_, partition) => toStreamName(partition));
      const streams = await Promise.all(names.map((name) => reader.xRange(name, '-', '+')));
      return new Set(streams.flat().map((record) => `${record?.message.id}`));
    } finally {
      reader.destroy();
    }
  }

  /** Accepts events until a while after `disturb`, and expects all of them evaluated once and none in the outbox. */
  async function disturb(source: EventSource, fault: () => Promise<void>): Promise<string[]> {
    const accepted: string[][] = [];
    const acceptSome = async () => {
      for (let n = 0; n < AFTERWARDS; n += 1) {
        accepted.push(await source.accept(n % source.userIds.length));
      }
    };
    await acceptSome();
    await expect.poll(() => countOutbox(db.database, source.accountId)).toBe(0);
    await Promise.all([acceptSome(), fault()]);
    await acceptSome();
    const all = accepted.flat();
    await expect
      .poll(async () => (await readLog(db.database, source.accountId)).length, { timeout: TIMEOUT_MS })
      .toBe(all.length);
    expect(new Set((await readLog(db.database, source.accountId)).map(({ id }) => id))).toEqual(new Set(all));
    await expect.poll(() => countOutbox(db.database, source.accountId), { timeout: TIMEOUT_MS }).toBe(0);
    return all;
  }

  test(
    'whose master of the streams is killed goes on with the replica',
    async () => {
      startProcess();
      const source = await createEventSource(db.database, 5);
      await disturb(source, () => cluster.killStreams());
      const later = await source.accept(0);

      await expect
        .poll(async () => [...(await idsInStreams())], { timeout: TIMEOUT_MS })
        .toEqual(expect.arrayContaining(later));
    },
    TIMEOUT_MS,
  );

  test(
    'of which another master is killed relays every event',
    async () => {
      startProcess();
      const source = await createEventSource(db.database, 5);
      const accepted = await disturb(source, () => cluster.killOther());

      expect(await idsInStreams()).toEqual(new Set(accepted));
    },
    TIMEOUT_MS,
  );

  test('is recognized by each of its nodes, unlike a single server', async () => {
    const single = await createRedisServer();
    await single.start();

    expect(await isClusterNode(cluster.nodeUrl, { limits: BUS_LIMITS })).toBe(true);
    expect(await isClusterNode(single.url, { limits: BUS_LIMITS })).toBe(false);
    await single.kill();
    expect(await isClusterNode(single.url, { limits: BUS_LIMITS })).toBe(false);
  });

  test('keeps a process from starting whose address names one of its nodes as a single server', async () => {
    const { code, stderr } = await runCommand(['serve'], {
      DATABASE_URL: db.url,
      REDIS_URL: cluster.nodeUrl,
    });

    expect(code).toBe(1);
    expect(stderr).toMatch(/^.*REDIS_URL names a node of a Redis Cluster: name it as redis-cluster:.*\n$/);
  });
});
