/**
 * The connection to the master that Sentinels name, and after a failover to the next one, as Redis' guidelines for clients
 * of Sentinel say: ask, connect, check the role, and begin again when the connection is lost. The client's own
 * `createSentinel` sends one command at a time, and lets commands wait for seconds while there is no master.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@redis/client';
import type { RedisAddress } from '../../config/redis-address.ts';
import { backoffMs } from '../../flow/backoff.ts';
import {
  asRedis,
  type Client,
  loginOptions,
  RECONNECT_BACKOFF,
  type Redis,
  type RedisOptions,
  reportOnce,
  singleConnectionOptions,
} from './redis-client.ts';
import { isReadOnlyReply } from './redis-errors.ts';

type SentinelAddress = Pick<RedisAddress, 'urls' | 'master' | 'login'>;
type Limits = RedisOptions['limits'];

export function connectSentinels(address: SentinelAddress, { limits, onDisconnect }: RedisOptions): Redis {
  const reported = reportOnce(onDisconnect);
  const closing = new AbortController();
  // Rejects commands until there is a master.
  let client: Client = createClient(singleConnectionOptions(limits));
  let isMaster = false;

  async function follow(): Promise<void> {
    let failures = 0;
    while (!closing.signal.aborted) {
      try {
        client = await createMasterClient(address, limits);
        const ended = endOf(client);
        closing.signal.throwIfAborted();
        await client.connect();
        await requireMaster(client);
        isMaster = true;
        reported.again();
        failures = 0;
        throw await ended;
      } catch (error) {
        isMaster = false;
        client.destroy();
        if (!closing.signal.aborted) {
          reported.report(error);
          failures += 1;
          const pauseMs = backoffMs(failures, RECONNECT_BACKOFF);
          await delay(pauseMs, undefined, { signal: closing.signal }).catch(() => {});
        }
      }
    }
  }

  /** A master that was made a replica closes its connections; one that did not is left. */
  async function within<T>(answer: Promise<T>): Promise<T> {
    const asked = client;
    try {
      return await answer;
    } catch (error) {
      if (isReadOnlyReply(error)) {
        asked.destroy();
      }
      throw error;
    }
  }

  void follow();
  const isReady = () => isMaster && client.isReady;
  return asRedis({
    client: () => client,
    isConnected: isReady,
    isReady,
    onClose: () => closing.abort(),
    within,
  });
}

/** Not connected. Throws when no Sentinel names a master. */
async function createMasterClient(
  { urls, master, login: known }: SentinelAddress,
  limits: Limits,
): Promise<Client> {
  const { host, port } = await findMaster(urls, `${master}`, limits);
  const { socket, ...options } = singleConnectionOptions(limits);
  const { login, tls } = loginOptions(known);
  return createClient({ ...options, ...login, socket: { ...socket, ...tls, host, port } });
}

/** Resolves with the reason when the connection is lost, or was closed here. */
function endOf(client: Client): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  client.on('error', resolve);
  client.on('end', () => resolve(new Error('the connection to the master was closed')));
  return promise;
}

/** The Sentinels may name a server before it is promoted, or that is a replica again. */
async function requireMaster(client: Client): Promise<void> {
  const state = await client.role();
  if (state?.role !== 'master') {
    throw new Error(`the server that the Sentinels name as master is a ${state?.role}`);
  }
}

/** Asks all Sentinels and takes the first answer, so that one that is away delays nothing. */
async function findMaster(
  urls: readonly string[],
  master: string,
  limits: Limits,
): Promise<{ readonly host: string; readonly port: number }> {
  try {
    return await Promise.any(urls.map((url) => askSentinel(url, master, limits)));
  } catch (error) {
    const reasons = error instanceof AggregateError ? error.errors : [error];
    throw new Error(`no Sentinel names the master: ${reasons.map((each) => messageOf(each)).join('; ')}`);
  }
}

async function askSentinel(url: string, master: string, limits: Limits) {
  const sentinel = createClient({ url, ...singleConnectionOptions(limits) });
  sentinel.on('error', () => {});
  try {
    await sentinel.connect();
    const answer = await sentinel.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master]);
    const [host, port] = (answer ?? []) as unknown as readonly string[];
    if (!host || !port) {
      throw new Error(`${new URL(url).host} does not know ${master}`);
    }
    return { host, port: Number(port) };
  } finally {
    sentinel.destroy();
  }
}

function messageOf(error: unknown): string {
  return error instanceof AggregateError ? error.errors.map(messageOf).join(', ') : (error as Error).message;
}
