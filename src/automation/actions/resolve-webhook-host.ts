/**
 * Resolves the host names of webhooks by DNS queries of its own (c-ares). `dns.lookup` would take a thread of
 * libuv's pool until the name server answers, and the database's connections wait for the same few threads.
 */
import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import type { Limits } from '../../config/config.ts';
import { createSemaphore } from '../../flow/semaphore.ts';

/** For whom a name is resolved, and until when. */
export interface Asker {
  readonly accountId: string;
  readonly signal: AbortSignal;
}

/** The addresses of a host. Rejects when it has none, or when no name server answers. */
export type ResolveHost = (host: string, asker: Asker) => Promise<readonly LookupAddress[]>;

export type HostResolverLimits = Pick<
  Limits,
  | 'concurrentCallSteps'
  | 'concurrentNamesPerAccount'
  | 'webhookNameTryMs'
  | 'webhookNameTries'
  | 'webhookNameCacheMs'
  | 'webhookNameFailureMs'
  | 'webhookNames'
>;

interface KnownHost {
  /** Pending while the name servers are asked. */
  readonly addresses: Promise<readonly LookupAddress[]>;
  /** As of performance.now(). */
  freshUntilMs: number;
}

/** Names that are never asked for (RFC 6761). */
const LOOPBACK_NAME = /^(?:.*\.)?localhost\.?$/i;
const LOOPBACK: readonly LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** Asks the system's name servers, unless others are given, such as `127.0.0.1:5353`. */
export function createHostResolver(limits: HostResolverLimits, servers?: readonly string[]): ResolveHost {
  const turns = createSemaphore({
    slots: limits.concurrentCallSteps,
    slotsPerKey: limits.concurrentNamesPerAccount,
  });
  const known = new Map<string, KnownHost>();

  function findFresh(host: string): KnownHost['addresses'] | undefined {
    const found = known.get(host);
    return found && performance.now() < found.freshUntilMs ? found.addresses : undefined;
  }

  function ask(host: string): KnownHost['addresses'] {
    const { promise, resolve, reject } = Promise.withResolvers<readonly LookupAddress[]>();
    const entry: KnownHost = { addresses: promise, freshUntilMs: Number.POSITIVE_INFINITY };
    known.delete(host);
    known.set(host, entry);
    const [oldest] = known.keys();
    if (known.size > limits.webhookNames && oldest !== undefined) {
      known.delete(oldest);
    }
    queryAddresses(host, limits, servers).then(
      ({ addresses, ttlMs }) => {
        entry.freshUntilMs = performance.now() + Math.min(ttlMs, limits.webhookNameCacheMs);
        resolve(addresses);
      },
      (error: unknown) => {
        entry.freshUntilMs = performance.now() + limits.webhookNameFailureMs;
        reject(error);
      },
    );
    return promise;
  }

  return async (host, { accountId, signal }) => {
    if (LOOPBACK_NAME.test(host)) {
      return LOOPBACK;
    }
    const fresh = findFresh(host);
    if (fresh) {
      return fresh;
    }
    const release = await turns.acquire(accountId, { signal });
    try {
      return await (findFresh(host) ?? ask(host));
    } finally {
      release();
    }
  };
}

/**
 * Asks for both families at once; one without an answer is left out. Each query has a resolver of its own, because c-ares
 * remembers per resolver which servers failed, and a name without a working server must not count for the others.
 */
async function queryAddresses(
  host: string,
  { webhookNameTryMs, webhookNameTries }: HostResolverLimits,
  servers: readonly string[] | undefined,
): Promise<{ addresses: LookupAddress[]; ttlMs: number }> {
  const resolver = new Resolver({
    timeout: webhookNameTryMs,
    maxTimeout: webhookNameTryMs,
    tries: webhookNameTries,
  });
  if (servers) {
    resolver.setServers(servers);
  }
  // With several servers c-ares would ask each of them as often.
  const timer = setTimeout(() => resolver.cancel(), webhookNameTryMs * webhookNameTries);
  const [four, six] = await Promise.allSettled([
    resolver.resolve4(host, { ttl: true }),
    resolver.resolve6(host, { ttl: true }),
  ]);
  clearTimeout(timer);
  if (four.status === 'rejected' && six.status === 'rejected') {
    throw four.reason;
  }
  const records = [
    ...(four.status === 'fulfilled' ? four.value.map((record) => ({ ...record, family: 4 })) : []),
    ...(six.status === 'fulfilled' ? six.value.map((record) => ({ ...record, family: 6 })) : []),
  ];
  return {
    addresses: records.map(({ address, family }) => ({ address, family })),
    ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1000,
  };
}
