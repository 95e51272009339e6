/**
 * The journal of a client: each request before it is first sent, and each answer, written to disk before the
 * client continues.
 */
import { readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** A line is about one request ID of one method; each item of a batch has its own line. */
export type JournalLine =
  | {
      readonly kind: 'SENT';
      readonly accountId: string;
      readonly method: string;
      readonly requestId: string;
      /** The message, in base64. */
      readonly payload: string;
    }
  | {
      readonly kind: 'ANSWERED';
      readonly accountId: string;
      readonly method: string;
      readonly requestId: string;
      /** The payload, among those sent under the request ID, that was answered. */
      readonly payload: string;
      /** The message, in base64. */
      readonly response: string;
      /** When the answer arrived, in milliseconds of the machine's clock. */
      readonly atMs: number;
      /** When its batch was sent; undefined for a call alone. Items are committed long before a batch that waits is answered. */
      readonly batchSentAtMs?: number;
    }
  | {
      readonly kind: 'REFUSED';
      readonly accountId: string;
      readonly method: string;
      readonly requestId: string;
      readonly payload: string;
      /** The gRPC status and the error message. */
      readonly code: number;
      readonly message: string;
    };

export interface Journal {
  /** Resolves when the lines are on disk; lines that arrive during a write are written together. */
  write(lines: readonly JournalLine[]): Promise<void>;
  close(): Promise<void>;
}

export async function openJournal(path: string): Promise<Journal> {
  const file: FileHandle = await open(path, 'a');
  let waiting: { text: string; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let writing: Promise<void> | undefined;

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await file.appendFile(batch.map(({ text }) => text).join(''));
        await file.datasync();
        for (const { resolve } of batch) {
          resolve();
        }
      } catch (error) {
        for (const { reject } of batch) {
          reject(error);
        }
      }
    }
    writing = undefined;
  }

  return {
    write(lines) {
      return new Promise((resolve, reject) => {
        waiting.push({ text: lines.map((line) => `${JSON.stringify(line)}\n`).join(''), resolve, reject });
        writing ??= drain();
      });
    },
    async close() {
      await writing;
      await file.close();
    },
  };
}

/** Reads all complete lines; an incomplete last line belongs to a killed client that did not continue. */
export function readJournals(paths: readonly string[]): JournalLine[] {
  return paths.flatMap((path) => {
    const text = readFileSync(path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line): JournalLine => JSON.parse(line));
  });
}
