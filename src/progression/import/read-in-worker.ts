/** Reads a training log in a thread of its own. */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ReadOptions } from '../../training-logs/read-training-log.ts';
import {
  type LogRefusalReason,
  type TrainingLog,
  TrainingLogError,
} from '../../training-logs/training-log.ts';

export type ReaderAnswer =
  | { readonly log: TrainingLog }
  | { readonly reason: LogRefusalReason; readonly message: string };

export interface ReaderLimits {
  readonly signal: AbortSignal;
  /** What the thread may take of memory. */
  readonly megabytes: number;
}

/** TypeScript in the repository, JavaScript in the package. */
const WORKER = new URL(`log-reader-worker${extname(import.meta.filename)}`, import.meta.url);

/** Throws TrainingLogError, also for a file that needs too much memory; and the signal's reason. */
export async function readInWorker(
  content: Uint8Array,
  options: ReadOptions,
  { signal, megabytes }: ReaderLimits,
): Promise<TrainingLog> {
  signal.throwIfAborted();
  const worker = new Worker(WORKER, {
    workerData: { content, options },
    resourceLimits: { maxOldGenerationSizeMb: megabytes },
  });
  const { promise, resolve, reject } = Promise.withResolvers<TrainingLog>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  worker.once('error', (error: NodeJS.ErrnoException) =>
    reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooManyRows() : error),
  );
  worker.once('exit', () => reject(new Error('the reader ended without an answer')));
  worker.once('message', (answer: ReaderAnswer) => {
    if ('log' in answer) {
      resolve(answer.log);
    } else {
      reject(new TrainingLogError(answer.reason, answer.message));
    }
  });
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await worker.terminate();
  }
}

function tooManyRows(): TrainingLogError {
  return new TrainingLogError('NOT_A_TABLE', 'the file has more rows than can be read; send it in parts');
}
