/** Connections to Redis that fail fast while it is unavailable and reconnect with a backoff. */
import { createClient } from '@redis/client';
import { parseRedisAddress } from '../../config/redis-address.ts';
import {
  asRedis,
  type Client,
  connectionOptions,
  type Redis,
  type RedisOptions,
  reportOnce,
} from './redis-client.ts';
import { connectCluster } from './redis-cluster.ts';
import { connectSentinels } from './redis-sentinels.ts';

/**
 * Connects, and reconnects until it is closed. A server that does not respond within `redisTimeoutMs` counts as
 * disconnected. Throws TypeError for a text that is no address of Redis.
 */
export function connectRedis(url: string, options: RedisOptions): Redis {
  const address = parseRedisAddress(url);
  switch (address?.kind) {
    case 'SERVER':
      return connectServer(url, options);
    case 'CLUSTER':
      return connectCluster(address, options);
    case 'SENTINELS':
      return connectSentinels(address, options);
    default:
      throw new TypeError('this is no address of Redis');
  }
}

function connectServer(url: string, { limits, onDisconnect }: RedisOptions): Redis {
  const client: Client = createClient({ url, ...connectionOptions(limits) });
  const reported = reportOnce(onDisconnect);
  client.on('ready', reported.again);
  client.on('error', reported.report);
  // Rejects only when the client is closed before the first connection.
  client.connect().catch(() => {});
  return asRedis({
    client: () => client,
    isConnected: () => client.isReady,
    isReady: () => client.isReady,
  });
}
