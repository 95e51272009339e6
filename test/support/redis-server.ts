/** A Redis for one test: on a free port, without files, ended afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createClient } from '@redis/client';
import { v7 as uuidv7 } from 'uuid';
import { createAuthority } from './certificates.ts';
import { hasCommand } from './commands.ts';

/** REDIS_SERVER names another program with Redis' options, such as a Valkey. */
export const REDIS_PROGRAM = process.env.REDIS_SERVER || 'redis-server';

/**
 * Whether tests of Redis run. Where there is none they are skipped, and the run says so at its end; with REQUIRE_REDIS
 * they fail.
 */
export const HAS_REDIS = hasCommand(REDIS_PROGRAM) || Boolean(process.env.REQUIRE_REDIS);

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Starts it again on the same port, empty. */
  start(): Promise<void>;
  /** Kills it; its data are lost. */
  kill(): Promise<void>;
  /** Pauses and resumes the process. */
  pause(): void;
  resume(): void;
}

const IN_MEMORY = ['--save', '', '--appendonly', 'no'];

export interface RedisServerOptions {
  /** Further options of the program. */
  readonly options?: readonly string[];
  /** A directory with the files of `writeTlsFiles`: it speaks TLS only. */
  readonly tlsDirectory?: string | undefined;
  /** Makes it a Sentinel with these lines of configuration, in a file of this directory that it rewrites. */
  readonly sentinel?: { readonly directory: string; readonly lines: readonly string[] };
}

/** Not running until `start`. Kill it when the test ends. */
export async function createRedisServer({
  options = [],
  tlsDirectory,
  sentinel,
}: RedisServerOptions = {}): Promise<RedisServer> {
  const port = await freePort();
  const url = `${tlsDirectory ? 'rediss' : 'redis'}://127.0.0.1:${port}`;
  const ports = tlsDirectory
    ? ['--port', '0', '--tls-port', `${port}`, ...tlsOptions(tlsDirectory)]
    : ['--port', `${port}`];
  const own = [...ports, '--bind', '127.0.0.1'];
  let child: ChildProcess | undefined;
  return {
    url,
    port,
    async start() {
      const args = sentinel
        ? [writeSentinelFile(own, sentinel), '--sentinel']
        : [...own, ...IN_MEMORY, ...options];
      child = spawn(REDIS_PROGRAM, args, { stdio: 'ignore' });
      await answers(url);
    },
    async kill() {
      if (child && child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
    },
    pause: () => child?.kill('SIGSTOP'),
    resume: () => child?.kill('SIGCONT'),
  };
}

/** With the options of a command line, names and values by turns. */
function writeSentinelFile(
  options: readonly string[],
  { directory, lines }: NonNullable<RedisServerOptions['sentinel']>,
): string {
  const file = join(directory, `sentinel-${uuidv7()}.conf`);
  const own = options.flatMap((name, at) => (at % 2 === 0 ? [`${name.slice(2)} ${options[at + 1]}`] : []));
  writeFileSync(file, [...own, `dir ${directory}`, ...lines, ''].join('\n'));
  return file;
}

/** Has a new authority issue a certificate for 127.0.0.1; connections of this process trust it from now on. */
export function writeTlsFiles(directory: string): void {
  const authority = createAuthority();
  const { certificate, key } = authority.issue(['IP:127.0.0.1']);
  writeFileSync(join(directory, 'server.crt'), certificate);
  writeFileSync(join(directory, 'server.key'), key);
  writeFileSync(join(directory, 'authority.crt'), authority.certificate);
  setDefaultCACertificates([...getCACertificates('default'), authority.certificate]);
}

function tlsOptions(directory: string): string[] {
  return [
    ...['--tls-cert-file', join(directory, 'server.crt'), '--tls-key-file', join(directory, 'server.key')],
    ...['--tls-ca-cert-file', join(directory, 'authority.crt'), '--tls-auth-clients', 'no'],
    ...['--tls-replication', 'yes', '--tls-cluster', 'yes'],
  ];
}

/**
 * Repeats a question to servers that are forming a group until the answer is yes; a server whose role changes closes its
 * connections. Rejects after 20 s.
 */
export async function until(isMet: () => Promise<boolean>): Promise<void> {
  const giveUpAtMs = performance.now() + FORMING_MS;
  while (!(await isMet().catch(() => false))) {
    if (performance.now() > giveUpAtMs) {
      throw new Error('the servers did not form a group');
    }
    await delay(50);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const PATIENCE_MS = 10_000;
const FORMING_MS = 20_000;

async function answers(url: string): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const client = createClient({ url, socket: { reconnectStrategy: false } }).on('error', () => {});
    try {
      await client.connect();
      client.destroy();
      return;
    } catch (error) {
      if (performance.now() > untilMs) {
        throw error;
      }
      await delay(20);
    }
  }
}

/** Sends one command to a server, and returns its answer. */
export async function sendTo(
  { url }: Pick<RedisServer, 'url'>,
  ...command: readonly string[]
): Promise<unknown> {
  const client = createClient({ url, RESP: 2 }).on('error', () => {});
  await client.connect();
  try {
    return await client.sendCommand([...command]);
  } finally {
    client.destroy();
  }
}
