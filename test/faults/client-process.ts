/** Starts clients as separate processes, and receives their progress. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { ClientOrder, ClientReport } from './client-main.ts';

export interface ClientProcess {
  readonly journalPath: string;
  /** The latest progress report. */
  progress(): ClientReport;
  /** Tells the client to start no further call. */
  stop(): void;
  /** Resolves when every request of the client is answered. Rejects when the process ends before that. */
  readonly done: Promise<ClientReport>;
  kill(): void;
}

export function startClient(order: ClientOrder): ClientProcess {
  const child = fork(join(import.meta.dirname, 'client-main.ts'), [JSON.stringify(order)], {
    stdio: 'inherit',
  });
  const { promise: done, resolve, reject } = Promise.withResolvers<ClientReport>();
  let latest: ClientReport = { calls: 0, attempts: 0, acknowledged: 0, isDone: false };
  child.on('message', (message) => {
    latest = message as ClientReport;
    if (latest.isDone) {
      resolve(latest);
    }
  });
  child.on('close', (code, signal) => reject(new Error(`a client ended with ${code ?? signal}`)));
  done.catch(() => {});
  return {
    journalPath: order.journalPath,
    progress: () => latest,
    stop: () => child.connected && child.send('stop'),
    done,
    kill: () => child.kill('SIGKILL'),
  };
}
