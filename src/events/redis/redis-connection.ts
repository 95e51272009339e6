/** Connections to Redis that fail fast while it is unavailable and reconnect with a backoff. */
import { createClient, ErrorReply, type RedisClientType } from '@redis/client';
import type { Limits } from '../../config/config.ts';
import { backoffMs } from '../../flow/backoff.ts';

/** A client that rejects commands at once while Redis is unavailable, instead of queueing them. */
// biome-ignore lint/complexity/noBannedTypes: how the client says "no modules, functions and scripts"
export type Redis = RedisClientType<{}, {}, {}, 2>;

export interface RedisOptions {
  readonly limits: Pick<Limits, 'redisTimeoutMs'>;
  /** Called once each time the connection is lost. */
  readonly onDisconnect: (error: unknown) => void;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Connects, and reconnects until the client is closed. A server that does not respond within `redisTimeoutMs`
 * counts as disconnected.
 */
export function connectRedis(url: string, { limits, onDisconnect }: RedisOptions): Redis {
  const { redisTimeoutMs } = limits;
  const client: Redis = createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    // An idle connection sends pings, so that a silent server is detected by the socket timeout.
    pingInterval: redisTimeoutMs / 2,
    socket: {
      connectTimeout: redisTimeoutMs,
      socketTimeout: redisTimeoutMs,
      reconnectStrategy: (retries) =>
        backoffMs(retries + 1, { firstMs: FIRST_PAUSE_MS, longestMs: LONGEST_PAUSE_MS }),
    },
  });
  let isDisconnected = false;
  client.on('ready', () => {
    isDisconnected = false;
  });
  client.on('error', (error) => {
    if (!isDisconnected) {
      isDisconnected = true;
      onDisconnect(error);
    }
  });
  // Rejects only when the client is closed before the first connection.
  client.connect().catch(() => {});
  return client;
}

/**
 * A command without a response because Redis is unavailable. Callers need not report it: `onDisconnect` was
 * called.
 */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisAway';
}

/** Sends a command. Throws RedisUnavailable, or the error reply of Redis. */
export async function sendCommand<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command();
  } catch (error) {
    // The client's errors have no common class, and socket errors share their codes with database errors.
    throw error instanceof ErrorReply ? error : new RedisUnavailable(`${error}`);
  }
}

/** Closes a connection at once; pending commands fail. */
export function closeRedis(client: Redis): void {
  if (client.isOpen) {
    client.destroy();
  }
}
