/** A PostgreSQL for one test that listens on a TCP port, with TLS and logins as the test needs them. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { createPostgresLauncher } from '../../src/store/embedded/postgres-launcher.ts';
import type { Certificate } from './certificates.ts';
import { openAdminConnection } from './database-server.ts';

export interface TcpPostgres {
  readonly port: number;
  /** Its database `postgres` for its superuser, through its Unix socket. */
  readonly socketUrl: string;
  /** Runs statements there. */
  run(...statements: readonly string[]): Promise<void>;
  /** Ends it and starts a standby on its files, on another port. */
  becomeStandby(): Promise<TcpPostgres>;
  stop(): Promise<void>;
}

export interface TcpPostgresOptions {
  /** Its own certificate, and the authority of its clients'. */
  readonly tls?: Certificate & { readonly clientAuthority: string };
  /** Lines of pg_hba.conf, after the one for the socket; default: every login through TCP is trusted. */
  readonly logins?: readonly string[];
}

/** Starts a server on a directory, with these settings; resolves when it accepts connections. */
type Start = (directory: string, settings: Readonly<Record<string, string>>) => Promise<() => Promise<void>>;

export function startTcpPostgres(options: TcpPostgresOptions = {}): Promise<TcpPostgres> {
  return start(makeDirectory(), options, async (dataDir, settings) => {
    const { stop } = await startEmbeddedPostgres({ dataDir, log: () => undefined, settings });
    return stop;
  });
}

async function start(
  directory: string,
  options: TcpPostgresOptions,
  startServer: Start,
): Promise<TcpPostgres> {
  const port = await freePort();
  const socketDirectory = join(directory, 'postgres');
  const stopServer = await startServer(directory, {
    ...{ listen_addresses: '127.0.0.1', port: `${port}`, fsync: 'off', max_connections: '50' },
    unix_socket_directories: socketDirectory,
    hba_file: fileFor(directory, 'pg_hba.conf', hbaOf(options)),
    ...tlsSettings(directory, options.tls),
  });
  const socketUrl = `postgres://postgres@/postgres?host=${socketDirectory}&port=${port}`;
  return {
    port,
    socketUrl,
    async run(...statements) {
      const admin = openAdminConnection(
        `postgres://postgres@${encodeURIComponent(socketDirectory)}:${port}/postgres`,
      );
      try {
        for (const statement of statements) {
          await admin.run(statement);
        }
      } finally {
        await admin.close();
      }
    },
    async becomeStandby() {
      await stopServer();
      writeFileSync(join(socketDirectory, 'standby.signal'), '');
      own(socketDirectory);
      return start(directory, options, startStandby);
    },
    async stop() {
      await stopServer();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A standby without a primary. */
async function startStandby(directory: string, settings: Readonly<Record<string, string>>) {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const args = ['-D', join(directory, 'postgres'), ...flags];
  const child = createPostgresLauncher(directory).start('postgres', args);
  const ended = once(child, 'close');
  child.stdout?.resume();
  if (child.stderr) {
    for await (const line of createInterface({ input: child.stderr })) {
      if (line.includes('ready to accept read-only connections')) {
        break;
      }
    }
    child.stderr.resume();
  }
  return async () => {
    child.kill('SIGINT');
    await ended;
  };
}

/** PostgreSQL's own user may enter it, for tests that run as root. */
function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'progression-tcp-'));
  chmodSync(directory, 0o711);
  return directory;
}

function hbaOf({ logins = ['host all all 127.0.0.1/32 trust'] }: TcpPostgresOptions): string {
  return ['local all all trust', ...logins, ''].join('\n');
}

function tlsSettings(directory: string, tls: TcpPostgresOptions['tls']): Record<string, string> {
  return tls === undefined
    ? { ssl: 'off' }
    : {
        ssl: 'on',
        ssl_cert_file: fileFor(directory, 'server.crt', tls.certificate),
        ssl_key_file: fileFor(directory, 'server.key', tls.key),
        ssl_ca_file: fileFor(directory, 'clients.crt', tls.clientAuthority),
      };
}

/** Only PostgreSQL may read it. */
function fileFor(directory: string, name: string, content: string): string {
  const files = join(directory, 'files');
  mkdirSync(files, { recursive: true });
  writeFileSync(join(files, name), content, { mode: 0o600 });
  own(files);
  return join(files, name);
}

export function own(path: string): void {
  if (process.getuid?.() === 0) {
    execFileSync('chown', ['-R', 'postgres:postgres', path]);
  }
}

export function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
  });
  return promise;
}
