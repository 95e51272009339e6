/** A Redis that is not what its address says keeps the process from starting, with one line. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeMismatch, describeMisnamedRedis } from '../../../src/events/redis/check-address.ts';
import { createRedisCluster, type RedisCluster } from '../../support/redis-cluster.ts';
import { createWatchedRedis, type WatchedRedis } from '../../support/redis-sentinels.ts';
import { createRedisServer, HAS_REDIS, type RedisServer } from '../../support/redis-server.ts';
import { runCommand } from '../../support/service-process.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { BUS_LIMITS } from '../bus-fixtures.ts';

const FORMING_MS = 60_000;

describe.skipIf(!HAS_REDIS)('an address of Redis', () => {
  const db = useTestDatabase();
  let single: RedisServer;
  let cluster: RedisCluster;
  let watched: WatchedRedis;
  beforeAll(async () => {
    [single, cluster, watched] = await Promise.all([
      createRedisServer(),
      createRedisCluster(),
      createWatchedRedis(),
    ]);
    await single.start();
  }, FORMING_MS);
  afterAll(() => Promise.all([single?.kill(), cluster?.close(), watched?.close()]));

  const describeFor = (url: string) => describeMisnamedRedis(url, BUS_LIMITS);

  test('is accepted for a single server, a cluster and Sentinels that are what it says', async () => {
    for (const { url } of [single, cluster, watched]) {
      expect(await describeFor(url)).toBeUndefined();
    }
  });

  test('is refused when it says otherwise, with how to name what is there', async () => {
    const asCluster = single.url.replace('redis:', 'redis-cluster:');
    const asSentinels = `${single.url.replace('redis:', 'redis-sentinel:')}/master`;

    for (const url of [asCluster, asSentinels]) {
      expect(await describeFor(url)).toBe(
        'names a single server: name it as redis://user:password@host:6379',
      );
    }
    expect(await describeFor(cluster.nodeUrl)).toMatch(/^names a node of a Redis Cluster: .* redis-cluster:/);
    expect(await describeFor(watched.sentinelUrl)).toMatch(
      /^names a Sentinel: .* redis-sentinel:.*\/master$/,
    );
  });

  test('is not refused while nothing answers there', async () => {
    const away = await createRedisServer();

    expect(await describeFor(away.url)).toBeUndefined();
    expect(await describeFor(away.url.replace('redis:', 'redis-cluster:'))).toBeUndefined();
  });

  test('that names a Sentinel as a single server keeps the process from starting, with one line', async () => {
    const environment = { DATABASE_URL: db.url, REDIS_URL: watched.sentinelUrl };
    const { code, stderr } = await runCommand(['serve'], environment);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^REDIS_URL names a Sentinel: name it as redis-sentinel:.*\n$/);
  });
});

test.each([
  [
    'a Redis 6',
    'redis_version:6.2.14\r\nredis_mode:standalone\r\n',
    'names a Redis 6.2.14: the service needs',
  ],
  ['a Redis 7', 'redis_version:7.0.15\r\nredis_mode:standalone\r\n', undefined],
  ['a Redis 10', 'redis_version:10.0.1\r\nredis_mode:standalone\r\n', undefined],
  ['a Valkey 8', 'redis_version:7.2.4\r\nserver_name:valkey\r\nserver_mode:standalone\r\n', undefined],
  [
    'a Valkey in a cluster',
    'redis_version:7.2.4\r\nserver_mode:cluster\r\n',
    'names a node of a Redis Cluster',
  ],
  ['something else', 'dragonfly\r\n', undefined],
])('%s at the address of a single server is judged by its INFO', (_, info, complaint) => {
  const found = describeMismatch('SERVER', info);
  expect(found?.slice(0, complaint?.length)).toBe(complaint);
});
