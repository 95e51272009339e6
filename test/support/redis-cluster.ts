/** A Redis Cluster for one test: three masters, and a replica of the one with the streams. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toStreamName } from '../../src/events/redis/stream-record.ts';
import {
  createRedisServer,
  freePort,
  type RedisServer,
  sendTo,
  until,
  writeTlsFiles,
} from './redis-server.ts';

export interface RedisCluster {
  /** Names two of the nodes, of which one is never killed. */
  readonly url: string;
  /** The node that is never killed, as if it were a single server. */
  readonly nodeUrl: string;
  /** Kills the master that has the streams; its replica takes over. */
  killStreams(): Promise<void>;
  /** Kills a master that does not have the streams, and has no replica. */
  killOther(): Promise<void>;
  /** Kills all nodes. */
  close(): Promise<void>;
}

interface Node extends RedisServer {
  readonly busPort: number;
}

const SLOTS = 16_384;
const MASTERS = 3;

export async function createRedisCluster({ isEncrypted = false } = {}): Promise<RedisCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'redis-cluster-'));
  if (isEncrypted) {
    writeTlsFiles(directory);
  }
  const nodes = await Promise.all(
    Array.from({ length: MASTERS + 1 }, () => startNode(directory, isEncrypted)),
  );
  const [first] = nodes;
  if (!first) {
    throw new TypeError('a cluster has nodes');
  }
  const ends = Array.from({ length: MASTERS + 1 }, (_, at) => Math.floor((at * SLOTS) / MASTERS));
  for (const [at, node] of nodes.entries()) {
    if (at < MASTERS) {
      await sendTo(node, 'CLUSTER', 'ADDSLOTSRANGE', `${ends[at]}`, `${(ends[at + 1] ?? 0) - 1}`);
      await sendTo(node, 'CLUSTER', 'SET-CONFIG-EPOCH', `${at + 1}`);
    }
    const { hostname, port } = new URL(first.url);
    if (node !== first) {
      await sendTo(node, 'CLUSTER', 'MEET', hostname, port, `${first.busPort}`);
    }
  }
  const slot = Number(await sendTo(first, 'CLUSTER', 'KEYSLOT', toStreamName(0)));
  const owner = nodes[ends.findLastIndex((end) => end <= slot)];
  const [other, survivor] = nodes.slice(0, MASTERS).filter((node) => node !== owner);
  const replica = nodes.at(-1);
  if (!owner || !other || !survivor || !replica) {
    throw new TypeError('every slot has a master');
  }
  await until(async () => /cluster_known_nodes:4/.test(`${await sendTo(replica, 'CLUSTER', 'INFO')}`));
  await sendTo(replica, 'CLUSTER', 'REPLICATE', `${await sendTo(owner, 'CLUSTER', 'MYID')}`);
  await until(async () => /master_link_status:up/.test(`${await sendTo(replica, 'INFO', 'replication')}`));
  for (const node of nodes) {
    await until(async () => {
      const info = `${await sendTo(node, 'CLUSTER', 'INFO')}`;
      return /cluster_state:ok/.test(info) && /cluster_known_nodes:4/.test(info);
    });
  }
  return {
    url: `${isEncrypted ? 'rediss' : 'redis'}-cluster://${new URL(other.url).host},${new URL(survivor.url).host}`,
    nodeUrl: survivor.url,
    killStreams: () => owner.kill(),
    killOther: () => other.kill(),
    async close() {
      await Promise.all(nodes.map((node) => node.kill()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startNode(directory: string, isEncrypted: boolean): Promise<Node> {
  const busPort = await freePort();
  const server = await createRedisServer({
    options: [
      ...['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`],
      ...['--cluster-config-file', join(directory, `nodes-${busPort}.conf`), '--dir', directory],
      ...['--cluster-node-timeout', '1000', '--cluster-require-full-coverage', 'no'],
    ],
    tlsDirectory: isEncrypted ? directory : undefined,
  });
  await server.start();
  return { ...server, busPort };
}
