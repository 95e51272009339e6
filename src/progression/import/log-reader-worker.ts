/** The thread that reads a training log, so that a long file holds back no other call. */
import { parentPort, workerData } from 'node:worker_threads';
import { type ReadOptions, readTrainingLog } from '../../training-logs/read-training-log.ts';
import { TrainingLogError } from '../../training-logs/training-log.ts';
import type { ReaderAnswer } from './read-in-worker.ts';

const { content, options } = workerData as { content: Uint8Array; options: ReadOptions };

function read(): ReaderAnswer {
  try {
    return { log: readTrainingLog(content, options) };
  } catch (error) {
    if (error instanceof TrainingLogError) {
      return { reason: error.reason, message: error.message };
    }
    throw error;
  }
}

parentPort?.postMessage(read());
