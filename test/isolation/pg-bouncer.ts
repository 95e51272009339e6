/** PgBouncer in transaction mode in front of the run's PostgreSQL: each transaction may get another connection. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface PgBouncer {
  /** A database behind it, by the database's own address. */
  url(databaseUrl: string): string;
  /** The socket that it listens on. */
  readonly socket: string;
  stop(signal?: 'SIGINT' | 'SIGKILL'): Promise<void>;
}

/** Its version; undefined when it is not on this machine. */
export function pgBouncerVersion(): string | undefined {
  const { status, stdout } = spawnSync('pgbouncer', ['--version'], { encoding: 'utf8' });
  return status === 0 ? /^PgBouncer (\S+)/.exec(stdout)?.[1] : undefined;
}

/** Starts one with `connections` to each database, and resolves when it accepts connections. */
export async function startPgBouncer(serverUrl: string, connections: number): Promise<PgBouncer> {
  const directory = mkdtempSync(join(tmpdir(), 'progression-bouncer-'));
  const server = new URL(serverUrl);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    const [uid, gid] = ['-u', '-g'].map((flag) =>
      Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout),
    );
    chownSync(directory, uid ?? 0, gid ?? 0);
  }
  chmodSync(directory, 0o755);
  const file = join(directory, 'pgbouncer.ini');
  const host = decodeURIComponent(server.hostname);
  writeFileSync(
    file,
    `[databases]
* = host=${host} port=${server.port || 5432} user=${server.username}
[pgbouncer]
listen_port = 6432
unix_socket_dir = ${directory}
auth_type = any
pool_mode = transaction
default_pool_size = ${connections}
max_client_conn = 100
query_wait_timeout = 30
server_login_retry = 1
`,
  );
  // It refuses to run as root.
  const child = spawn('pgbouncer', [...(isRoot ? ['--user=postgres'] : []), file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close');
  let said = '';
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`;
    if (/process up/.test(line)) {
      break;
    }
  }
  if (child.exitCode !== null || !/process up/.test(said)) {
    throw new Error(`PgBouncer does not start: ${said}`);
  }
  child.stderr.resume();
  return {
    url(databaseUrl) {
      const { pathname } = new URL(databaseUrl);
      return `postgres://${server.username}@${encodeURIComponent(directory)}:6432${pathname}`;
    },
    socket: join(directory, '.s.PGSQL.6432'),
    async stop(signal = 'SIGINT') {
      child.kill(signal);
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
