/** Starts clients as processes of their own, and hears how they get on. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { ClientOrder, ClientReport } from './client.ts';

export interface ClientProcess {
  readonly journalPath: string;
  /** So far. */
  progress(): ClientReport;
  /** Tells it to make no other call. */
  stop(): void;
  /** Resolves when everything that it sent is answered. Rejects when it ended before that. */
  readonly done: Promise<ClientReport>;
  kill(): void;
}

export function startClient(order: ClientOrder): ClientProcess {
  const child = fork(join(import.meta.dirname, 'client.ts'), [JSON.stringify(order)], { stdio: 'inherit' });
  const { promise: done, resolve, reject } = Promise.withResolvers<ClientReport>();
  let latest: ClientReport = { calls: 0, attempts: 0, isDone: false };
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
