/** The preview cache in Redis: shared by processes, with expiry, and optional. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRedisPreviewCache, type Preview } from '../../../src/automation/inspection/preview-cache.ts';
import { readConfig } from '../../../src/config/config.ts';
import type { Redis } from '../../../src/events/redis/redis-client.ts';
import { connectRedis } from '../../../src/events/redis/redis-connection.ts';
import { instantFromText } from '../../../src/values/instant.ts';
import { createRedisServer, HAS_REDIS, type RedisServer } from '../../support/redis-server.ts';

const PREVIEW: Preview = {
  count: 3,
  samples: [{ userId: 'a', name: 'A…' }],
  undecidedPaths: ['filter.conditions[0]'],
  ...{ examined: 12, hasMore: false },
  computedAt: instantFromText('2026-03-01T10:00:00.123456Z'),
};

describe.skipIf(!HAS_REDIS)('previews in Redis', () => {
  let server: RedisServer;
  let connections: Redis[] = [];
  beforeEach(async () => {
    server = await createRedisServer();
    await server.start();
  });
  afterEach(async () => {
    for (const redis of connections) {
      redis.close();
    }
    connections = [];
    await server.kill();
  });

  async function openCache(previewMs = 60_000) {
    const limits = { ...readConfig({}).limits, previewMs };
    const redis = connectRedis(server.url, { limits, onDisconnect: () => {} });
    connections.push(redis);
    await expect.poll(() => redis.isReady).toBe(true);
    return createRedisPreviewCache({ redis, limits, onError: (error) => expect.fail(`${error}`) });
  }

  test('are returned unchanged to every process', async () => {
    await (await openCache()).set('a key', PREVIEW);
    const cache = await openCache();
    expect(await cache.get('a key')).toEqual(PREVIEW);
    expect(await cache.get('another key')).toBeUndefined();
  });

  test('expire after previewMs', async () => {
    const cache = await openCache(50);
    await cache.set('a key', PREVIEW);
    await expect.poll(() => cache.get('a key')).toBeUndefined();
  });

  test('are missing without an error while Redis is unavailable', async () => {
    const cache = await openCache();
    await server.kill();
    await cache.set('a key', PREVIEW);
    expect(await cache.get('a key')).toBeUndefined();
  });
});
