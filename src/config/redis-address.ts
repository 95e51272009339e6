/** The address of Redis: one server, or nodes of a Redis Cluster. */

export interface RedisAddress {
  /** `redis://…`, one for each node that is named. */
  readonly urls: readonly string[];
  readonly isCluster: boolean;
}

const ADDRESS =
  /^(?<scheme>rediss?)(?<cluster>-cluster)?:\/\/(?<user>[^@/]*@)?(?<hosts>[^@/]+)(?<path>\/\d*)?$/;

/**
 * Reads `redis://user:password@host:6379/0`, or `redis-cluster://user:password@host:6379,host:6379` for a Redis
 * Cluster, which has no databases; with `rediss` for TLS. Undefined for another text.
 */
export function parseRedisAddress(text: string): RedisAddress | undefined {
  const { scheme, cluster, user = '', hosts = '', path = '' } = ADDRESS.exec(text)?.groups ?? {};
  const isCluster = cluster !== undefined;
  const named = hosts.split(',');
  const urls = named.map((host) => `${scheme}://${user}${host}${path}`);
  const isPossible = isCluster ? path.length <= 1 : named.length === 1;
  return isPossible && !named.includes('') && urls.every((url) => URL.canParse(url))
    ? { urls, isCluster }
    : undefined;
}
