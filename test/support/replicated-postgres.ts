/** A primary and a standby that follows it, on TCP ports, for failovers: with what was replicated, or without the rest. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { createPostgresLauncher } from '../../src/store/embedded/postgres-launcher.ts';
import { freePort, own } from './tcp-postgres.ts';

export interface ReplicatedPostgres {
  /** The port of the server that is the primary at first. */
  readonly firstPort: number;
  /** The port of the server that is the primary now. */
  readonly port: number;
  /** The port of the server that is the standby at first. */
  readonly standbyPort: number;
  /** Resolves when the standby has everything that the primary has. */
  catchUp(): Promise<void>;
  /** The standby receives nothing more; what the primary commits from now on is lost in a failover. */
  stopReplication(): Promise<void>;
  /** Kills the primary and promotes the standby; resolves when that takes writes. */
  failOver(): Promise<void>;
  endStandby(): Promise<void>;
  startStandby(): Promise<void>;
  stop(): Promise<void>;
}

const POLL_MS = 20;
const SETTINGS = {
  ...{ listen_addresses: '127.0.0.1', fsync: 'off', max_connections: '100', autovacuum: 'off' },
  ...{ wal_level: 'replica', wal_keep_size: '256MB', hot_standby: 'on', ssl: 'off' },
};

export interface ReplicationOptions {
  /** Each commit on the first server waits until the standby has it on its disk. */
  readonly isSynchronous?: boolean;
}

export async function startReplicatedPostgres({
  isSynchronous = false,
}: ReplicationOptions = {}): Promise<ReplicatedPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'progression-pair-'));
  chmodSync(directory, 0o711);
  const { stop } = await startEmbeddedPostgres({ dataDir: directory, log: () => undefined });
  await stop();
  const [first, second] = [join(directory, 'postgres'), join(directory, 'standby')];
  writeFileSync(
    join(first, 'pg_hba.conf'),
    'host all all 127.0.0.1/32 trust\nhost replication all all trust\n',
  );
  execFileSync('cp', ['-a', first, second]);
  const ports = { first: await freePort(), second: await freePort() };
  writeFileSync(join(second, 'standby.signal'), '');
  writeFileSync(
    join(second, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=127.0.0.1 port=${ports.first} user=postgres'\n`,
  );
  // Not for the second one, which has no standby when it is promoted.
  const waiting = isSynchronous ? `synchronous_standby_names = '*'\n` : '';
  writeFileSync(join(first, 'postgresql.auto.conf'), waiting);
  own(directory);
  const primary = await launch(directory, first, ports.first);
  let standby = await launch(directory, second, ports.second);
  let port = ports.first;
  return {
    firstPort: ports.first,
    get port() {
      return port;
    },
    standbyPort: ports.second,
    async catchUp() {
      const lsn = await ask(ports.first, 'select pg_current_wal_lsn()::text');
      await until(ports.second, `select (pg_last_wal_replay_lsn() >= '${lsn}'::pg_lsn)::text`);
    },
    async stopReplication() {
      await ask(ports.second, `alter system set primary_conninfo = ''`);
      await ask(ports.second, 'select pg_reload_conf()::text');
      await until(ports.second, `select (count(*) = 0)::text from pg_stat_wal_receiver`);
    },
    async failOver() {
      await end(primary, 'SIGQUIT');
      await ask(ports.second, 'select pg_promote()::text');
      await until(ports.second, 'select (not pg_is_in_recovery())::text');
      port = ports.second;
    },
    endStandby: () => end(standby, 'SIGQUIT'),
    async startStandby() {
      standby = await launch(directory, second, ports.second);
    },
    async stop() {
      await Promise.all([end(primary, 'SIGQUIT'), end(standby, 'SIGQUIT')]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function launch(directory: string, data: string, port: number): Promise<ChildProcess> {
  const settings = { ...SETTINGS, port: `${port}`, unix_socket_directories: data };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = createPostgresLauncher(directory).start('postgres', ['-D', data, ...flags]);
  child.stdout?.resume();
  if (child.stderr) {
    for await (const line of createInterface({ input: child.stderr })) {
      if (/ready to accept (read-only )?connections/.test(line)) {
        break;
      }
    }
    child.stderr.resume();
  }
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

/** The first column of the only row, as text. */
async function ask(port: number, statement: string): Promise<string | undefined> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  await client.connect();
  try {
    const { rows } = await client.query<string[]>({ text: statement, rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

async function until(port: number, condition: string): Promise<void> {
  while ((await ask(port, condition)) !== 'true') {
    await delay(POLL_MS);
  }
}
