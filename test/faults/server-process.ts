/** A server that is started again whenever it ends, on a port that its clients reach through a proxy. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export interface ServerOptions {
  /** The tree with `src/main.ts`. */
  readonly root: string;
  /** A database that the server reaches through a proxy of its own. */
  readonly databaseSocket: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Hears of failpoints that ended it. */
  readonly onFailpoint: (point: string) => void;
  /** Hears of its defects, errors that it logs and those that end it, and whether it was serving. */
  readonly onComplaint: (line: string) => void;
}

export interface SupervisedServer {
  /** Clients call here, whichever process answers. */
  readonly clients: TcpProxy;
  /** Between the server and its database. */
  readonly database: TcpProxy;
  /** How often it was killed by `kill`, and how often a failpoint ended it. */
  readonly ends: { kills: number; failpoints: number };
  /** Resolves when a process serves. */
  ready(): Promise<void>;
  /** Ends it on the spot, once it serves. */
  kill(): Promise<void>;
  /** Whether it serves right now. */
  isServing(): boolean;
  pause(): void;
  resume(): void;
  /** Sets what its clock is ahead of the others', now and for the processes that follow. */
  stepClock(offsetMs: number): void;
  /** How far ahead it ever was. */
  readonly furthestOffsetMs: number;
  /** Asked before each process for the failpoint that is to end it; undefined: none. */
  arm(choose: () => string | undefined): void;
  stop(): Promise<void>;
}

/** A start that fails, as while there is no database, is tried again after this. */
const RESTART_PAUSE_MS = 200;

export async function startSupervisedServer(options: ServerOptions): Promise<SupervisedServer> {
  const clients = await startTcpProxy();
  const database = await startTcpProxy();
  database.leadTo({ path: options.databaseSocket });
  const ends = { kills: 0, failpoints: 0 };
  let child: ChildProcess | undefined;
  let serving = Promise.withResolvers<void>();
  let isServing = false;
  let isStopping = false;
  let choose: () => string | undefined = () => undefined;
  let clockOffsetMs = 0;
  let furthestOffsetMs = 0;

  function spawnServer(): ChildProcess {
    const failpoint = choose();
    const started = spawn(
      process.execPath,
      [
        '--import',
        join(options.root, 'test/faults/server-preload.ts'),
        join(options.root, 'src/main.ts'),
        'serve',
      ],
      {
        cwd: options.root,
        env: {
          ...process.env,
          ...{ HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'error' },
          ...{ ACCOUNT_CALLS_PER_SECOND: '1000000', PEER_CALLS_PER_SECOND: '1000000' },
          DATABASE_URL: `postgres://postgres@127.0.0.1:${database.port}/postgres`,
          CLOCK_OFFSET_MS: `${clockOffsetMs}`,
          ...options.environment,
          ...(failpoint ? { FAILPOINTS: `${failpoint}:kill` } : {}),
        },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    started.on('error', () => {});
    return started;
  }

  async function run(): Promise<void> {
    const started = spawnServer();
    child = started;
    const { stdout, stderr } = started;
    if (!stdout || !stderr) {
      throw new TypeError('a server without its outputs');
    }
    createInterface({ input: stdout }).on('line', (line) => {
      const port = /^ready on http:\/\/[^:]+:(\d+) /.exec(line)?.[1];
      if (port) {
        clients.leadTo({ host: '127.0.0.1', port: Number(port) });
        isServing = true;
        serving.resolve();
      }
    });
    createInterface({ input: stderr }).on('line', (line) => {
      const point = /^failpoint (\S+)$/.exec(line)?.[1];
      if (point) {
        ends.failpoints += 1;
        options.onFailpoint(point);
      } else if (isDefect(line, isServing)) {
        options.onComplaint(`${isServing ? 'serving' : 'starting'}: ${line}`);
      }
    });
    await once(started, 'close');
    clients.leadTo(undefined);
    if (isServing) {
      isServing = false;
      serving = Promise.withResolvers();
    } else {
      await delay(RESTART_PAUSE_MS);
    }
  }

  async function supervise(): Promise<void> {
    while (!isStopping) {
      await run();
    }
  }

  const supervised = supervise();
  return {
    clients,
    database,
    ends,
    ready: () => serving.promise,
    isServing: () => isServing,
    async kill() {
      await serving.promise;
      const dying = child;
      if (dying) {
        const end = once(dying, 'close');
        ends.kills += 1;
        dying.kill('SIGKILL');
        await end;
      }
    },
    pause: () => child?.kill('SIGSTOP'),
    resume: () => child?.kill('SIGCONT'),
    stepClock(offsetMs) {
      clockOffsetMs = offsetMs;
      furthestOffsetMs = Math.max(furthestOffsetMs, offsetMs);
      if (child?.connected) {
        child.send({ clockOffsetMs: offsetMs }, () => {});
      }
    },
    get furthestOffsetMs() {
      return furthestOffsetMs;
    },
    arm(next) {
      choose = next;
    },
    async stop() {
      isStopping = true;
      child?.kill('SIGCONT');
      child?.kill('SIGKILL');
      await supervised;
      await Promise.all([clients.close(), database.close()]);
    },
  };
}

/** A server that starts while its database goes away ends, and says why: that is none. */
function isDefect(line: string, isServing: boolean): boolean {
  const fatal = isServing ? /^[A-Za-z]*(Error|Exception)\b/ : /^(Type|Range|Reference)Error\b/;
  return line.startsWith('{') || fatal.test(line);
}
