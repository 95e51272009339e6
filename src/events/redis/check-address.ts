/** Finds out whether Redis is what its address says, and of a version that has what the service uses. */
import { createClient } from '@redis/client';
import { parseRedisAddress, type RedisAddress } from '../../config/redis-address.ts';
import { type RedisOptions, singleConnectionOptions } from './redis-client.ts';

/** What a server says that it is, as `INFO server` has it; Valkey calls the mode of the server so too, or server_mode. */
const MODE = /^(?:redis|server)_mode:(\w+)\r?$/m;
/** Of Redis, or of the Redis that a Valkey is compatible with. */
const VERSION = /^redis_version:((\d+)[\d.]*)\r?$/m;
const LEAST_VERSION = 7;

/** How to name a server of each mode, with what it is. */
const MODES = new Map<
  string,
  { readonly kind: RedisAddress['kind']; readonly is: string; readonly name: string }
>([
  ['standalone', { kind: 'SERVER', is: 'a single server', name: 'redis://user:password@host:6379' }],
  [
    'cluster',
    {
      kind: 'CLUSTER',
      is: 'a node of a Redis Cluster',
      name: 'redis-cluster://user:password@host:6379,host:6379',
    },
  ],
  [
    'sentinel',
    {
      kind: 'SENTINELS',
      is: 'a Sentinel',
      name: 'redis-sentinel://user:password@host:26379,host:26379/master',
    },
  ],
]);

/** The rest of a sentence that begins with the name of the address; undefined: nothing is wrong, or no server answers. */
export async function describeMisnamedRedis(
  text: string,
  limits: RedisOptions['limits'],
): Promise<string | undefined> {
  const { kind, urls = [] } = parseRedisAddress(text) ?? {};
  const infos = await Promise.all(urls.map((url) => readInfo(url, limits)));
  const info = infos.find((each) => each !== undefined);
  return kind && info !== undefined ? describeMismatch(kind, info) : undefined;
}

/** As above, from the answer to `INFO server`. */
export function describeMismatch(kind: RedisAddress['kind'], info: string): string | undefined {
  const mode = MODES.get(MODE.exec(info)?.[1] ?? '');
  const [, version, major] = VERSION.exec(info) ?? [];
  if (mode && mode.kind !== kind) {
    return `names ${mode.is}: name it as ${mode.name}`;
  }
  return Number(major) < LEAST_VERSION
    ? `names a Redis ${version}: the service needs Redis 7 or newer`
    : undefined;
}

/** Undefined when the server cannot be asked. */
async function readInfo(url: string, limits: RedisOptions['limits']): Promise<string | undefined> {
  const client = createClient({ url, ...singleConnectionOptions(limits) });
  client.on('error', () => {});
  try {
    await client.connect();
    return await client.info('server');
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}
