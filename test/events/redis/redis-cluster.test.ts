/** The bus on a Redis Cluster whose masters are killed under load: nothing is lost, and relaying goes on. */
import { createCluster } from '@redis/client';
import { afterEach, describe, expect, test } from 'vitest';
import type { BusWorkers } from '../../../src/events/event-bus.ts';
import { createEventSource } from '../../support/event-source.ts';
import { createLogEvaluator } from '../../support/log-evaluator.ts';
import { createRedisCluster, type RedisCluster } from '../../support/redis-cluster.ts';
import { HAS_REDIS } from '../../support/redis-server.ts';
import { useTestDatabasePerTest } from '../../support/test-database.ts';
import { redisSetup } from '../bus-fixtures.ts';
import { disturbEvents, RECOVERY_MS, readStreamIds } from './disturbed-events.ts';

describe.skipIf(!HAS_REDIS)('a Redis Cluster', () => {
  const db = useTestDatabasePerTest();
  let cluster: RedisCluster;
  let workers: BusWorkers | undefined;
  afterEach(async () => {
    await workers?.stop();
    await cluster?.close();
  });

  async function startProcess(options: { isEncrypted?: boolean } = {}): Promise<void> {
    cluster = await createRedisCluster(options);
    const database = db.open();
    const evaluate = createLogEvaluator(database, { isRelayed: true });
    workers = redisSetup(cluster).createBus(database).start(evaluate);
  }

  /** The ids of all records in the streams, which are on one node. */
  async function idsInStreams(): Promise<Set<string>> {
    const rootNodes = [{ url: cluster.nodeUrl }];
    const defaults = cluster.nodeUrl.startsWith('rediss:') ? { socket: { tls: true as const } } : {};
    const reader = createCluster({ RESP: 2, rootNodes, defaults, minimizeConnections: true });
    reader.on('error', () => {});
    await reader.connect();
    try {
      return await readStreamIds(reader);
    } finally {
      reader.destroy();
    }
  }

  test(
    'whose master of the streams is killed goes on with the replica',
    async () => {
      await startProcess();
      const source = await createEventSource(db.database, 5);
      await disturbEvents(db.database, source, () => cluster.killStreams());
      const later = await source.accept(0);

      await expect
        .poll(async () => [...(await idsInStreams())], { timeout: RECOVERY_MS })
        .toEqual(expect.arrayContaining(later));
    },
    RECOVERY_MS,
  );

  test(
    'of which another master is killed relays every event',
    async () => {
      await startProcess();
      const source = await createEventSource(db.database, 5);
      const { all } = await disturbEvents(db.database, source, () => cluster.killOther());

      expect(await idsInStreams()).toEqual(new Set(all));
    },
    RECOVERY_MS,
  );

  test(
    'with TLS relays every event, and goes on when a master is killed',
    async () => {
      await startProcess({ isEncrypted: true });
      const source = await createEventSource(db.database, 5);
      const { all } = await disturbEvents(db.database, source, () => cluster.killOther());

      expect(await idsInStreams()).toEqual(new Set(all));
    },
    RECOVERY_MS,
  );
});
