/** Two server processes on one database, each of which can be restarted on its port. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type ServiceProcess, startCommand, urlIn } from '../support/service-process.ts';

export interface ServerPairOptions {
  readonly databaseUrl: string;
  /** How long a server accepts calls after the signal. */
  readonly drainPauseMs: number;
}

export interface RestartTimes {
  /** From the signal to the end of the process. */
  readonly stopMs: number;
  /** From the start of the new process to the line that says it is ready. */
  readonly startMs: number;
}

export interface ServerPair {
  readonly ports: readonly number[];
  /**
   * Ends one server and starts it again. Rejects when the other one is not serving, or when one that was told
   * to go kindly did not end as it should.
   */
  restart(index: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<RestartTimes>;
  stop(): Promise<void>;
}

/** Both serve when it resolves. */
export async function startServerPair(options: ServerPairOptions): Promise<ServerPair> {
  const ports = await findFreePorts(2);
  const environment = { DATABASE_URL: options.databaseUrl, DRAIN_PAUSE_MS: `${options.drainPauseMs}` };
  const servers: ServiceProcess[] = [];

  async function start(index: number): Promise<void> {
    const server = startCommand(['serve'], { ...environment, HOST: '127.0.0.1', PORT: `${ports[index]}` });
    servers[index] = server;
    const line = await server.firstLine;
    if (!line.startsWith('ready')) {
      throw new Error(`a server did not start: ${JSON.stringify(await server.ended)}`);
    }
    await requireServing(urlIn(line));
  }

  async function stop(): Promise<void> {
    for (const { child, ended } of servers) {
      child.kill('SIGKILL');
      await ended;
    }
  }

  const starts = await Promise.allSettled(ports.map((_, index) => start(index)));
  for (const each of starts) {
    if (each.status === 'rejected') {
      await stop();
      throw each.reason;
    }
  }
  return {
    ports,
    async restart(index, signal) {
      await requireServing(`http://127.0.0.1:${ports[1 - index]}`);
      const stoppedAtMs = performance.now();
      servers[index]?.child.kill(signal);
      const end = await servers[index]?.ended;
      if (signal === 'SIGTERM' && (end?.code !== 0 || end.stderr !== '')) {
        throw new Error(`a server did not end well: ${JSON.stringify(end)}`);
      }
      const startedAtMs = performance.now();
      await start(index);
      return { stopMs: startedAtMs - stoppedAtMs, startMs: performance.now() - startedAtMs };
    },
    stop,
  };
}

async function requireServing(url: string): Promise<void> {
  const response = await fetch(`${url}/grpc.health.v1.Health/Check`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  const { status } = (await response.json()) as { status?: string };
  if (status !== 'SERVING') {
    throw new Error(`${url} is ${status}`);
  }
}

/** A port outside the ephemeral range, so that it stays free while its server is down. */
async function findFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const listener = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      listener.once('error', () => resolve(false));
      listener.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (isFree) {
      await once(listener.close(), 'close');
      ports.add(port);
    }
  }
  return [...ports];
}
