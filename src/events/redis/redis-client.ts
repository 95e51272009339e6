/** What the connections to one server, to a cluster and to the master of Sentinels have in common. */
import type { RedisClientType, RedisClusterType } from '@redis/client';
import type { Limits } from '../../config/config.ts';
import type { RedisLogin } from '../../config/redis-address.ts';
import { backoffMs } from '../../flow/backoff.ts';

// biome-ignore lint/complexity/noBannedTypes: how the client says "no modules, functions and scripts"
export type Client = RedisClientType<{}, {}, {}, 2>;
// biome-ignore lint/complexity/noBannedTypes: as above
export type Cluster = RedisClusterType<{}, {}, {}, 2>;

/** A transaction of commands with keys of one slot. */
interface Multi extends Pick<ReturnType<Client['multi']>, 'xAdd'> {
  exec(): Promise<unknown>;
}

/** Rejects commands at once while it is unavailable, instead of queueing them. */
export interface Redis
  extends Pick<
    Client,
    | 'get'
    | 'set'
    | 'xAck'
    | 'xAutoClaim'
    | 'xGroupCreate'
    | 'xGroupDelConsumer'
    | 'xInfoConsumers'
    | 'xReadGroup'
  > {
  /** Whether commands have a chance: the server is connected, or the nodes of the cluster are known. */
  readonly isConnected: boolean;
  /** Whether every node that was asked for something is connected. */
  readonly isReady: boolean;
  multi(): Multi;
  /** Closes the connections at once; pending commands fail. */
  close(): void;
}

export interface RedisOptions {
  readonly limits: Pick<Limits, 'redisTimeoutMs'>;
  /** Called once each time the connection is lost. */
  readonly onDisconnect: (error: unknown) => void;
}

export const RECONNECT_BACKOFF = { firstMs: 50, longestMs: 1_000 };

/** Options of a connection that is opened again, with a backoff, whenever it is lost. */
export function connectionOptions({ redisTimeoutMs }: RedisOptions['limits']) {
  return {
    RESP: 2,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    // An idle connection sends pings, so that a silent server is detected by the socket timeout.
    pingInterval: redisTimeoutMs / 2,
    socket: {
      connectTimeout: redisTimeoutMs,
      socketTimeout: redisTimeoutMs,
      reconnectStrategy: (retries: number) => backoffMs(retries + 1, RECONNECT_BACKOFF),
    },
  } as const;
}

/** Options of a connection that is opened once. */
export function singleConnectionOptions(limits: RedisOptions['limits']) {
  const { socket, ...options } = connectionOptions(limits);
  return { ...options, socket: { ...socket, reconnectStrategy: false as const } };
}

/** Options of a connection to a server that the address does not name itself. */
export function loginOptions({ isEncrypted, ...login }: RedisLogin) {
  return { login, tls: isEncrypted ? { tls: true as const } : {} };
}

interface ClientState {
  /** The client that commands go to now. */
  readonly client: () => Client | Cluster;
  readonly isConnected: () => boolean;
  readonly isReady: () => boolean;
  /** Called before the client is closed. */
  readonly onClose?: () => void;
  /** Called with each answer. */
  readonly within?: <T>(answer: Promise<T>) => Promise<T>;
}

export function asRedis({
  client,
  isConnected,
  isReady,
  onClose,
  within = (answer) => answer,
}: ClientState): Redis {
  // The commands of both have the same types; the union of their generic signatures cannot be called.
  const commands = () => client() as Client;
  return {
    get isConnected() {
      return isConnected();
    },
    get isReady() {
      return isReady();
    },
    get: (...args) => within(commands().get(...args)),
    set: (...args) => within(commands().set(...args)),
    xAck: (...args) => within(commands().xAck(...args)),
    xAutoClaim: (...args) => within(commands().xAutoClaim(...args)),
    xGroupCreate: (...args) => within(commands().xGroupCreate(...args)),
    xGroupDelConsumer: (...args) => within(commands().xGroupDelConsumer(...args)),
    xInfoConsumers: (...args) => within(commands().xInfoConsumers(...args)),
    xReadGroup: (...args) => within(commands().xReadGroup(...args)),
    multi() {
      const multi = commands().multi();
      return { xAdd: multi.xAdd.bind(multi), exec: () => within(multi.exec()) };
    },
    close() {
      onClose?.();
      if (client().isOpen) {
        client().destroy();
      }
    },
  };
}

/** Reports the first error since `again` was called. */
export function reportOnce(onDisconnect: (error: unknown) => void) {
  let isDisconnected = false;
  return {
    again() {
      isDisconnected = false;
    },
    report(error: unknown) {
      if (!isDisconnected) {
        isDisconnected = true;
        onDisconnect(error);
      }
    },
  };
}
