/** The connection to a Redis Cluster: to the nodes that were asked for something, and to those that replace them. */
import { setTimeout as delay } from 'node:timers/promises';
import { createCluster } from '@redis/client';
import type { RedisAddress } from '../../config/redis-address.ts';
import { backoffMs } from '../../flow/backoff.ts';
import {
  asRedis,
  type Cluster,
  connectionOptions,
  loginOptions,
  RECONNECT_BACKOFF,
  type Redis,
  type RedisOptions,
  reportOnce,
  singleConnectionOptions,
} from './redis-client.ts';

export function connectCluster(
  { urls, login: known }: Pick<RedisAddress, 'urls' | 'login'>,
  { limits, onDisconnect }: RedisOptions,
): Redis {
  const { RESP, socket, ...defaults } = connectionOptions(limits);
  const root = { ...defaults, socket: singleConnectionOptions(limits).socket };
  const { login, tls } = loginOptions(known);
  const cluster: Cluster = createCluster({
    RESP,
    rootNodes: urls.map((url) => ({ url, ...root })),
    defaults: { ...defaults, ...login, socket: { ...socket, ...tls } },
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
  return asRedis({
    client: () => cluster,
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
      await delay(backoffMs(attempt, RECONNECT_BACKOFF), undefined, { signal: closed }).catch(() => {});
    }
  }
}
