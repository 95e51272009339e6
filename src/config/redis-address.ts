/** The address of Redis: one server, nodes of a Redis Cluster, or Sentinels that know which server is the master. */

export interface RedisAddress {
  readonly kind: 'SERVER' | 'CLUSTER' | 'SENTINELS';
  /** `redis://…`, one for the server, for each named node of the cluster, or for each Sentinel. */
  readonly urls: readonly string[];
  /** What the Sentinels call the master; only with them. */
  readonly master: string | undefined;
  /** How to log in to nodes and masters that the text does not name. */
  readonly login: RedisLogin;
}

export interface RedisLogin {
  readonly isEncrypted: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly database?: number;
}

const ADDRESS =
  /^(?<scheme>rediss?)(?<several>-cluster|-sentinel)?:\/\/(?<user>[^@/]*@)?(?<hosts>[^@/?]+)(?<path>\/[^?]*)?(?:\?(?<query>.*))?$/;
const PATHS = {
  SERVER: /^(\/(?<database>\d*))?$/,
  CLUSTER: /^\/?$/,
  SENTINELS: /^\/(?<master>[\w.-]+)(\/(?<database>\d+))?$/,
};
/** The login of the Sentinels; without one they have none. */
const SENTINEL_PARAMETERS = ['sentinel_user', 'sentinel_password'];
const SENTINEL_PORT = '26379';

/**
 * Reads `redis://user:password@host:6379/0`, `redis-cluster://user:password@host:6379,host:6379` for a Redis Cluster, which
 * has no databases, or `redis-sentinel://user:password@host:26379,host:26379/master/0` for a server that Sentinels name;
 * with `rediss` for TLS. Undefined for another text.
 */
export function parseRedisAddress(text: string): RedisAddress | undefined {
  const groups = ADDRESS.exec(text)?.groups;
  if (!groups) {
    return undefined;
  }
  const { scheme = '', several, user = '', hosts = '', path = '', query = '' } = groups;
  const kind = several === undefined ? 'SERVER' : several === '-cluster' ? 'CLUSTER' : 'SENTINELS';
  const parameters = new URLSearchParams(query);
  const allowed = kind === 'SENTINELS' ? SENTINEL_PARAMETERS : [];
  const place = PATHS[kind].exec(path)?.groups ?? (PATHS[kind].test(path) ? {} : undefined);
  const named = hosts.split(',');
  const isPossible =
    (kind !== 'SERVER' || named.length === 1) &&
    !named.includes('') &&
    [...parameters.keys()].every((name) => allowed.includes(name)) &&
    [...named, `${user}${named[0]}`].every((host) => URL.canParse(`${scheme}://${host}`));
  if (!place || !isPossible) {
    return undefined;
  }
  return {
    kind,
    urls: named.map((host) =>
      kind === 'SENTINELS' ? sentinelUrl(scheme, host, parameters) : `${scheme}://${user}${host}${path}`,
    ),
    master: place.master,
    login: readLogin(scheme, user, place.database),
  };
}

function sentinelUrl(scheme: string, host: string, parameters: URLSearchParams): string {
  const url = new URL(`${scheme}://${host}`);
  url.port ||= SENTINEL_PORT;
  url.username = encodeURIComponent(parameters.get('sentinel_user') ?? '');
  url.password = encodeURIComponent(parameters.get('sentinel_password') ?? '');
  return url.href;
}

function readLogin(scheme: string, user: string, database: string | undefined): RedisLogin {
  const { username, password } = new URL(`${scheme}://${user}host`);
  return {
    isEncrypted: scheme === 'rediss',
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(database && { database: Number(database) }),
  };
}
