/** The bus on a Redis that Sentinels watch: its master is killed, switched and demoted, and nothing is lost. */
import { createClient } from '@redis/client';
import { afterEach, describe, expect, test } from 'vitest';
import type { BusWorkers } from '../../../src/events/event-bus.ts';
import { connectRedis } from '../../../src/events/redis/redis-connection.ts';
import { createEventSource } from '../../support/event-source.ts';
import { createLogEvaluator } from '../../support/log-evaluator.ts';
import { createWatchedRedis, type WatchedRedis } from '../../support/redis-sentinels.ts';
import { HAS_REDIS } from '../../support/redis-server.ts';
import { useTestDatabasePerTest } from '../../support/test-database.ts';
import { BUS_LIMITS, redisSetup } from '../bus-fixtures.ts';
import { disturbEvents, RECOVERY_MS, readStreamIds } from './disturbed-events.ts';

describe.skipIf(!HAS_REDIS)('Redis behind Sentinels', () => {
  const db = useTestDatabasePerTest();
  let redis: WatchedRedis;
  let workers: BusWorkers | undefined;
  afterEach(async () => {
    await workers?.stop();
    workers = undefined;
    await redis?.close();
  });

  async function watchRedis(isEncrypted = false): Promise<void> {
    redis = await createWatchedRedis({ isEncrypted });
  }

  async function startProcess(): Promise<unknown[]> {
    await watchRedis();
    const disconnections: unknown[] = [];
    const database = db.open();
    const evaluate = createLogEvaluator(database, { isRelayed: true });
    const onDisconnect = (error: unknown) => disconnections.push(error);
    workers = redisSetup(redis).createBus(database, { onDisconnect }).start(evaluate);
    return disconnections;
  }

  async function idsInStreams(): Promise<Set<string>> {
    const reader = createClient({ url: redis.replicaUrl, RESP: 2 }).on('error', () => {});
    await reader.connect();
    try {
      return await readStreamIds(reader);
    } finally {
      reader.destroy();
    }
  }

  test(
    'whose master is killed goes on with the replica, and relays what Redis did not confirm',
    async () => {
      const disconnections = await startProcess();
      const source = await createEventSource(db.database, 5);
      const { confirmed } = await disturbEvents(db.database, source, async () => {
        await redis.catchUp();
        await redis.killMaster();
      });
      const later = await source.accept(0);

      const expected = expect.arrayContaining([...confirmed, ...later]);
      await expect.poll(async () => [...(await idsInStreams())], { timeout: RECOVERY_MS }).toEqual(expected);
      expect(disconnections).not.toHaveLength(0);
    },
    RECOVERY_MS,
  );

  test(
    'whose master is switched while it lives goes on with the replica',
    async () => {
      await startProcess();
      const source = await createEventSource(db.database, 5);
      await disturbEvents(db.database, source, () => redis.switchMaster());
      const later = await source.accept(0);

      const expected = expect.arrayContaining(later);
      await expect.poll(async () => [...(await idsInStreams())], { timeout: RECOVERY_MS }).toEqual(expected);
    },
    RECOVERY_MS,
  );

  test.each([
    ['rejects commands at once while there is no master, and takes them again when there is one', false],
    ['does so with TLS', true],
  ])(
    '%s',
    async (_, isEncrypted) => {
      await watchRedis(isEncrypted);
      const connection = connectRedis(redis.url, { limits: BUS_LIMITS, onDisconnect: () => {} });
      try {
        await expect(connection.set('a', '1')).rejects.toThrow();
        await expect.poll(() => connection.isReady).toBe(true);
        await connection.set('a', '1');
        await redis.catchUp();
        await redis.killMaster();
        await expect.poll(() => connection.isConnected).toBe(false);
        const startedAtMs = performance.now();
        await expect(connection.get('a')).rejects.toThrow();
        expect(performance.now() - startedAtMs).toBeLessThan(BUS_LIMITS.redisTimeoutMs);

        await expect.poll(() => connection.isReady, { timeout: RECOVERY_MS }).toBe(true);
        expect(await connection.get('a')).toBe('1');
      } finally {
        connection.close();
      }
    },
    RECOVERY_MS,
  );

  test('leaves a master that was made a replica without the Sentinels', async () => {
    await watchRedis();
    const errors: string[] = [];
    const connection = connectRedis(redis.url, {
      limits: BUS_LIMITS,
      onDisconnect: (error) => errors.push(`${error}`),
    });
    try {
      await expect.poll(() => connection.isReady).toBe(true);
      await redis.demoteMaster();
      await expect(connection.set('a', '1')).rejects.toThrow(/^READONLY/);
      expect(connection.isConnected).toBe(false);
    } finally {
      connection.close();
    }
  });

  test('is told by its address that the Sentinels do not know the name', async () => {
    await watchRedis();
    const errors: string[] = [];
    const url = redis.url.replace(/[^/]+$/, 'other');
    const connection = connectRedis(url, {
      limits: BUS_LIMITS,
      onDisconnect: (error) => errors.push(`${error}`),
    });
    await expect.poll(() => errors).toHaveLength(1);
    connection.close();
    expect(errors[0]).toMatch(/^Error: no Sentinel names the master: 127\.0\.0\.1:\d+ does not know other; /);
  });
});
