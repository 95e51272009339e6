/** Connections to Redis that fail fast while it is unavailable and reconnect with a backoff. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  createClient,
  createCluster,
  ErrorReply,
  type RedisClientType,
  type RedisClusterType,
} from '@redis/client';
import type { Limits } from '../../config/config.ts';
import { parseRedisAddress } from '../../config/redis-address.ts';
import { backoffMs } from '../../flow/backoff.ts';

// biome-ignore lint/complexity/noBannedTypes: how the client says "no modules, functions and scripts"
type Client = RedisClientType<{}, {}, {}, 2>;
// biome-ignore lint/complexity/noBannedTypes: as above
type Cluster = RedisClusterType<{}, {}, {}, 2>;

/** A transaction of commands with keys of one slot. */
interface Multi extends Pick<ReturnType<Client['multi']>, 'xAdd'> {
  exec(): Promise<unknown>;
}

/** One server or a cluster. Rejects commands at once while it is unavailable, instead of queueing them. */
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

const BACKOFF = { firstMs: 50, longestMs: 1_000 };

/**
 * Connects, and reconnects until it is closed. A server that does not respond within `redisTimeoutMs` counts as
 * disconnected. Throws TypeError for a text that is no address of Redis.
 */
export function connectRedis(url: string, options: RedisOptions): Redis {
  const address = parseRedisAddress(url);
  const [first] = address?.urls ?? [];
  if (!address || !first) {
    throw new TypeError('this is no address of Redis');
  }
  return address.isCluster ? connectCluster(address.urls, options) : connectServer(first, options);
}

function connectionOptions({ redisTimeoutMs }: RedisOptions['limits']) {
  return {
    RESP: 2,
    disableOfflineQueue: true,
    maintNotifications: 'disabled',
    // An idle connection sends pings, so that a silent server is detected by the socket timeout.
    pingInterval: redisTimeoutMs / 2,
    socket: {
      connectTimeout: redisTimeoutMs,
      socketTimeout: redisTimeoutMs,
      reconnectStrategy: (retries: number) => backoffMs(retries + 1, BACKOFF),
    },
  } as const;
}

function connectServer(url: string, { limits, onDisconnect }: RedisOptions): Redis {
  const client: Client = createClient({ url, ...connectionOptions(limits) });
  const reported = reportOnce(onDisconnect);
  client.on('ready', reported.again);
  client.on('error', reported.report);
  // Rejects only when the client is closed before the first connection.
  client.connect().catch(() => {});
  return asRedis(client, {
    isConnected: () => client.isReady,
    isReady: () => client.isReady,
  });
}

function connectCluster(urls: readonly string[], { limits, onDisconnect }: RedisOptions): Redis {
  const { socket, RESP, ...defaults } = connectionOptions(limits);
  const { username, password, protocol } = new URL(urls[0] ?? '');
  const tls = protocol === 'rediss:' ? { tls: true as const } : {};
  const credentials = {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  };
  const cluster: Cluster = createCluster({
    RESP,
    rootNodes: urls.map((url) => ({ url, ...defaults, socket: { ...socket, reconnectStrategy: false } })),
    defaults: { ...defaults, ...credentials, socket: { ...socket, ...tls } },
    // So that a node which is down keeps nothing from the others.
    minimizeConnections: true,
    topologyRefreshOnReconnectionAttemptStrategy: limits.redisTimeoutMs / 4,
  });
  const reported = reportOnce(onDisconnect);
  cluster.on('node-ready', reported.again);
  cluster.on('node-error', reported.report);
  cluster.on('error', reported.report);
  const closing = new AbortController();
  void connectUntilClosed(cluster, closing.signal, reported.report);
  const asked = () => cluster.masters.flatMap(({ client }) => client ?? []);
  return asRedis(cluster, {
    isConnected: () => cluster.isReady,
    isReady: () => asked().length > 0 && asked().every(({ isReady }) => isReady),
    onClose: () => closing.abort(),
    within: (answer) => answerWithin(answer, limits.redisTimeoutMs),
  });
}

/** The client waits without end for the first connection to a node that the topology still names. */
async function answerWithin<T>(answer: Promise<T>, timeoutMs: number): Promise<T> {
  const answered = new AbortController();
  const late = delay(timeoutMs, undefined, { signal: answered.signal }).then(() => {
    throw new Error('the node does not answer');
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    answered.abort();
  }
}

/** A cluster's first connection is not retried by the client. */
async function connectUntilClosed(
  cluster: Cluster,
  closed: AbortSignal,
  report: (error: unknown) => void,
): Promise<void> {
  for (let attempt = 1; !closed.aborted && !cluster.isReady; attempt += 1) {
    await cluster.connect().catch(report);
    if (!cluster.isReady) {
      await delay(backoffMs(attempt, BACKOFF), undefined, { signal: closed }).catch(() => {});
    }
  }
}

function asRedis(
  client: Client | Cluster,
  state: {
    readonly isConnected: () => boolean;
    readonly isReady: () => boolean;
    readonly onClose?: () => void;
    readonly within?: <T>(answer: Promise<T>) => Promise<T>;
  },
): Redis {
  // The commands of both have the same types; the union of their generic signatures cannot be called.
  const commands = client as Client;
  const { within = (answer) => answer } = state;
  return {
    get isConnected() {
      return state.isConnected();
    },
    get isReady() {
      return state.isReady();
    },
    get: (...args) => within(commands.get(...args)),
    set: (...args) => within(commands.set(...args)),
    xAck: (...args) => within(commands.xAck(...args)),
    xAutoClaim: (...args) => within(commands.xAutoClaim(...args)),
    xGroupCreate: (...args) => within(commands.xGroupCreate(...args)),
    xGroupDelConsumer: (...args) => within(commands.xGroupDelConsumer(...args)),
    xInfoConsumers: (...args) => within(commands.xInfoConsumers(...args)),
    xReadGroup: (...args) => within(commands.xReadGroup(...args)),
    multi() {
      const multi = commands.multi();
      return { xAdd: multi.xAdd.bind(multi), exec: () => within(multi.exec()) };
    },
    close() {
      state.onClose?.();
      if (client.isOpen) {
        client.destroy();
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

/**
 * A command without an effect because Redis is unavailable. Callers need not report that it is disconnected:
 * `onDisconnect` was called.
 */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisAway';
}

/** A connected Redis that cannot serve for now. `onDisconnect` was not called. */
export class RedisRefusal extends RedisUnavailable {}

/**
 * What a node says that cannot serve for now: it loads its data, its part of the cluster is down, or its memory or disk is
 * full.
 */
const PASSING = /^(LOADING|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|READONLY|MOVED|ASK|OOM|MISCONF)\b/;

/** Sends a command. Throws RedisUnavailable, or the error reply of Redis. */
export async function sendCommand<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command();
  } catch (error) {
    // The client's errors have no common class, and socket errors share their codes with database errors.
    if (!(error instanceof ErrorReply)) {
      throw new RedisUnavailable(`${error}`);
    }
    throw PASSING.test(error.message) ? new RedisRefusal(`${error}`) : error;
  }
}

/** Whether the server is a node of a Redis Cluster; false while it cannot be asked. */
export async function isClusterNode(url: string, { limits }: Pick<RedisOptions, 'limits'>): Promise<boolean> {
  const { socket, ...options } = connectionOptions(limits);
  const client = createClient({ url, ...options, socket: { ...socket, reconnectStrategy: false } });
  client.on('error', () => {});
  try {
    await client.connect();
    return /^cluster_enabled:1\r?$/m.test(await client.info('cluster'));
  } catch {
    return false;
  } finally {
    if (client.isOpen) {
      client.destroy();
    }
  }
}
