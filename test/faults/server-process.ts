/** A server process that is restarted whenever it ends, behind proxies for its clients and its database. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { loadPerProcessor } from './machine-load.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

export interface ServerOptions {
  /** The source tree with `src/main.ts`. */
  readonly root: string;
  /** The socket of the database, or of a connection pooler, which the server reaches through its own proxy. */
  readonly databaseSocket: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Receives the failpoints that killed the server. */
  readonly onFailpoint: (point: string) => void;
  /** Receives logged and fatal errors that are defects, and whether the server was serving. */
  readonly onError: (line: string) => void;
  /** Timeout for a start, which takes seconds on a busy machine. Absent for the default. */
  readonly startMs?: number;
}

export interface SupervisedServer {
  /** The proxy that clients call. */
  readonly clients: TcpProxy;
  /** The proxy between the server and its database. */
  readonly database: TcpProxy;
  /** Number of kills by `kill`, and by failpoints. */
  readonly ends: { kills: number; failpoints: number };
  /** Resolves when a process is serving. Rejects after `startMs`, with the last line that the process printed. */
  ready(): Promise<void>;
  /** Kills the process once it is serving. */
  kill(): Promise<void>;
  /** Whether a process is serving. */
  isServing(): boolean;
  pause(): void;
  resume(): void;
  /** Sets the clock offset of the running process and of later ones. */
  stepClock(offsetMs: number): void;
  /** The largest clock offset so far. */
  readonly furthestOffsetMs: number;
  /** Sets the function that chooses the failpoint of each new process; undefined for none. */
  arm(choose: () => string | undefined): void;
  stop(): Promise<void>;
}

const START_MS = 120_000;
/** Pause before a failed start is repeated. */
const RESTART_PAUSE_MS = 200;

export async function startSupervisedServer(options: ServerOptions): Promise<SupervisedServer> {
  const clients = await startTcpProxy();
  const database = await startTcpProxy();
  database.setTarget({ path: options.databaseSocket });
  const ends = { kills: 0, failpoints: 0 };
  let child: ChildProcess | undefined;
  let serving = Promise.withResolvers<void>();
  let isServing = false;
  let isStopping = false;
  let choose: () => string | undefined = () => undefined;
  let clockOffsetMs = 0;
  let furthestOffsetMs = 0;
  let lastLine = 'it printed nothing';

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
          // By name, so that a connection needs a thread of the pool for it.
          DATABASE_URL: `postgres://postgres@localhost:${database.port}/postgres`,
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

  /** Keeps the line, unless it is a frame of a stack. */
  function noteLine(line: string): void {
    lastLine = /^\s*(at .*)?$/.test(line) ? lastLine : line;
  }

  async function ready(): Promise<void> {
    const startMs = options.startMs ?? START_MS;
    const late = delay(startMs, undefined, { ref: false }).then(() => {
      const load = loadPerProcessor().toFixed(1);
      throw new Error(
        `a server did not start in ${startMs / 1000} s, at a load of ${load} per processor; its last line: ${lastLine}`,
      );
    });
    await Promise.race([serving.promise, late]);
  }

  async function run(): Promise<void> {
    const started = spawnServer();
    child = started;
    const { stdout, stderr } = started;
    if (!stdout || !stderr) {
      throw new TypeError('the server process has no output streams');
    }
    createInterface({ input: stdout }).on('line', (line) => {
      noteLine(line);
      const port = /^ready on http:\/\/[^:]+:(\d+) /.exec(line)?.[1];
      if (port) {
        clients.setTarget({ host: '127.0.0.1', port: Number(port) });
        isServing = true;
        serving.resolve();
      }
    });
    createInterface({ input: stderr }).on('line', (line) => {
      noteLine(line);
      const point = /^failpoint (\S+)$/.exec(line)?.[1];
      if (point) {
        ends.failpoints += 1;
        options.onFailpoint(point);
      } else if (isDefect(line, isServing)) {
        options.onError(`${isServing ? 'serving' : 'starting'}: ${line}`);
      }
    });
    await once(started, 'close');
    clients.setTarget(undefined);
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
    ready,
    isServing: () => isServing,
    async kill() {
      await ready();
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

/** An error of a server that starts without a database is not a defect. */
function isDefect(line: string, isServing: boolean): boolean {
  const fatal = isServing ? /^[A-Za-z]*(Error|Exception)\b/ : /^(Type|Range|Reference)Error\b/;
  return line.startsWith('{') || fatal.test(line);
}
