/** A master and a replica that three Sentinels watch, for one test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRedisServer, type RedisServer, sendTo, until, writeTlsFiles } from './redis-server.ts';

export interface WatchedRedis {
  /** Names the Sentinels, of which the first is down from `killMaster` on. */
  readonly url: string;
  /** One of the Sentinels, as if it were a single server. */
  readonly sentinelUrl: string;
  /** The replica, which becomes the master, as if it were a single server. */
  readonly replicaUrl: string;
  /** Resolves when the replica has everything that the master has. */
  catchUp(): Promise<void>;
  /** Kills the master and the first of the Sentinels; the others promote the replica. */
  killMaster(): Promise<void>;
  /** Has the Sentinels promote the replica; the master lives on as its replica. Resolves when it does. */
  switchMaster(): Promise<void>;
  /** Makes the master a replica, without the Sentinels. They undo it after some seconds. */
  demoteMaster(): Promise<void>;
  close(): Promise<void>;
}

const NAME = 'progression';
const SENTINELS = 3;

export async function createWatchedRedis({ isEncrypted = false } = {}): Promise<WatchedRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'redis-sentinels-'));
  if (isEncrypted) {
    writeTlsFiles(directory);
  }
  const tlsDirectory = isEncrypted ? directory : undefined;
  const options = ['--dir', directory];
  const master = await createRedisServer({ tlsDirectory, options });
  await master.start();
  const replicaof = ['--replicaof', '127.0.0.1', `${master.port}`];
  const replica = await createRedisServer({ tlsDirectory, options: [...options, ...replicaof] });
  await replica.start();
  await until(async () => /master_link_status:up/.test(`${await sendTo(replica, 'INFO', 'replication')}`));
  const sentinels = await Promise.all(
    Array.from({ length: SENTINELS }, () => startSentinel(directory, master, tlsDirectory)),
  );
  for (const sentinel of sentinels) {
    await until(async () => {
      const known = pairsOf(await sendTo(sentinel, 'SENTINEL', 'MASTER', NAME));
      return known.get('num-slaves') === '1' && known.get('num-other-sentinels') === `${SENTINELS - 1}`;
    });
  }
  const [first, ...others] = sentinels as [RedisServer, ...RedisServer[]];
  const hosts = sentinels.map(({ url }) => new URL(url).host);
  const positionOf = async (server: RedisServer) =>
    /master_repl_offset:(\d+)/.exec(`${await sendTo(server, 'INFO', 'replication')}`)?.[1];
  return {
    url: `${isEncrypted ? 'rediss' : 'redis'}-sentinel://${hosts.join(',')}/${NAME}`,
    sentinelUrl: first.url,
    replicaUrl: replica.url,
    catchUp: () => until(async () => (await positionOf(master)) === (await positionOf(replica))),
    async killMaster() {
      await Promise.all([master.kill(), first.kill()]);
    },
    async switchMaster() {
      await sendTo(first, 'SENTINEL', 'FAILOVER', NAME);
      await until(async () => /role:slave/.test(`${await sendTo(master, 'INFO', 'replication')}`));
    },
    async demoteMaster() {
      await sendTo(master, 'REPLICAOF', '127.0.0.1', `${replica.port}`);
    },
    async close() {
      await Promise.all([...others, first, replica, master].map((server) => server.kill()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startSentinel(
  directory: string,
  { port }: RedisServer,
  tlsDirectory: string | undefined,
): Promise<RedisServer> {
  const lines = [
    `sentinel monitor ${NAME} 127.0.0.1 ${port} ${SENTINELS - 1}`,
    `sentinel down-after-milliseconds ${NAME} 1000`,
    `sentinel failover-timeout ${NAME} 3000`,
  ];
  const sentinel = await createRedisServer({ tlsDirectory, sentinel: { directory, lines } });
  await sentinel.start();
  return sentinel;
}

/** The answer of Sentinel, names and values by turns. */
function pairsOf(answer: unknown): ReadonlyMap<string, string> {
  const texts = answer as readonly string[];
  return new Map(texts.flatMap((name, at) => (at % 2 === 0 ? [[name, `${texts[at + 1]}`] as const] : [])));
}
