/** Connections to a Redis that may go away at any time, and come back. */
import { createClient, ErrorReply, type RedisClientType } from '@redis/client';
import type { Limits } from '../../config/config.ts';
import { backoffMs } from '../../flow/backoff.ts';

/** A client that fails at once while Redis is away, instead of keeping commands for later. */
// biome-ignore lint/complexity/noBannedTypes: how the client says "no modules, functions and scripts"
export type Redis = RedisClientType<{}, {}, {}, 2>;

export interface RedisOptions {
  readonly limits: Pick<Limits, 'redisTimeoutMs'>;
  /** Hears once of each time that Redis goes away. */
  readonly onDisconnect: (error: unknown) => void;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** Begins to connect, and goes on trying until it is closed. A Redis that does not answer in time counts as away. */
export function connectRedis(url: string, { limits, onDisconnect }: RedisOptions): Redis {
  const { redisTimeoutMs } = limits;
  const client: Redis = createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    // Whoever has nothing to say asks from time to time, so that silence means that nobody is there.
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
  // Rejects only when it is closed before Redis was ever there.
  client.connect().catch(() => {});
  return client;
}

/** A command that was not answered, because Redis is away. Says nothing of its own: `onDisconnect` has heard of it. */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisAway';
}

/** Waits for the answer to a command. Throws RedisAway; what Redis refuses comes out as it is. */
export async function sendCommand<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command();
  } catch (error) {
    // The client's errors have no common class, and those of sockets have codes that databases have as well.
    throw error instanceof ErrorReply ? error : new RedisUnavailable(`${error}`);
  }
}

/** Gives a connection up at once; what is under way on it fails. */
export function closeRedis(client: Redis): void {
  if (client.isOpen) {
    client.destroy();
  }
}
