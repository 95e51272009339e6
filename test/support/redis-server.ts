/** A Redis for one test: on a free port, without files, ended afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { hasCommand } from './commands.ts';

/**
 * Whether tests of Redis run. Where there is none they are skipped, and the run says so at its end; with REQUIRE_REDIS
 * they fail.
 */
export const HAS_REDIS = hasCommand('redis-server') || Boolean(process.env.REQUIRE_REDIS);

export interface RedisServer {
  readonly url: string;
  /** Starts it again on the same port, empty. */
  start(): Promise<void>;
  /** Kills it; its data are lost. */
  kill(): Promise<void>;
  /** Pauses and resumes the process. */
  pause(): void;
  resume(): void;
}

/** Not running until `start`, with these further options. Kill it when the test ends. */
export async function createRedisServer(options: readonly string[] = []): Promise<RedisServer> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  return {
    url,
    async start() {
      child = spawn(
        'redis-server',
        ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...options],
        { stdio: 'ignore' },
      );
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

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const PATIENCE_MS = 10_000;

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
