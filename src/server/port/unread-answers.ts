/**
 * Answers that their callers have not read yet stay in memory. They are counted by their bytes, and a caller that does not
 * read is cut off.
 */
import { ServerResponse } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { type ContextValues, createContextKey } from '@connectrpc/connect';
import type { Limits } from '../../config/config.ts';
import { principalKey } from '../access/principal.ts';
import type { Logger } from '../logger.ts';
import { callIdKey } from './opened-call.ts';

/** What an answer is written to. */
export type Wire = ServerResponse | ServerHttp2Stream;

/** The wire of a call's answer. Set by the listener. */
export const wireKey = createContextKey<Wire | undefined>(undefined, {
  description: 'the wire of the answer',
});

export interface UnreadAnswers {
  /** Follows the answer to a call, until its wire is closed. */
  follow(wire: Wire, path: string, contextValues: ContextValues): SentAnswer;
  /** Whether all answers together are larger than they may be, and one of them is the account's. */
  areTooLarge(accountId: string): boolean;
}

export interface SentAnswer {
  /** The same bytes in pieces. Each must be written, and the next one asked for when the wire takes more. */
  inPieces(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>;
}

/** A chunk of at most this size is one piece. A caller that reads takes at least one piece in `unreadAnswerMs`. */
export const PIECE_BYTES = 32 * 1024;
/** How often answers are looked at while there are any. */
const CHECK_MS = 1_000;

interface OpenAnswer {
  readonly wire: Wire;
  readonly path: string;
  readonly contextValues: ContextValues;
  /** Bytes that were made, and that the wire has not asked for. */
  unreadBytes: number;
  /** Bytes in pieces that were given to the wire. */
  givenBytes: number;
  /** Bytes that had left the process when they changed last, and when that was; see `leftBytesOf`. */
  leftBytes: number;
  sinceMs: number;
}

export function createUnreadAnswers(
  { unreadAnswerMs, unreadAnswerBytes }: Pick<Limits, 'unreadAnswerMs' | 'unreadAnswerBytes'>,
  logger: Logger,
): UnreadAnswers {
  const open = new Set<OpenAnswer>();
  let allBytes = 0;
  let isCheckDue = false;

  function count(answer: OpenAnswer, bytes: number): void {
    if (open.has(answer)) {
      answer.unreadBytes += bytes;
      allBytes += bytes;
    }
  }

  function checkSoon(): void {
    if (isCheckDue) {
      return;
    }
    isCheckDue = true;
    setTimeout(() => {
      isCheckDue = false;
      check();
      if (open.size > 0) {
        checkSoon();
      }
    }, CHECK_MS).unref();
  }

  function check(): void {
    const nowMs = performance.now();
    for (const answer of open) {
      const leftBytes = leftBytesOf(answer);
      if (waitingBytesOf(answer) === 0 || leftBytes !== answer.leftBytes) {
        Object.assign(answer, { leftBytes, sinceMs: nowMs });
      }
    }
    const stalled = [...open].toSorted((a, b) => b.unreadBytes - a.unreadBytes);
    for (const answer of stalled) {
      const stalledMs = nowMs - answer.sinceMs;
      if (stalledMs >= unreadAnswerMs) {
        cutOff(answer, 'unreadAnswerMs');
      } else if (allBytes > unreadAnswerBytes && stalledMs >= CHECK_MS / 2) {
        cutOff(answer, 'unreadAnswerBytes');
      }
    }
  }

  function cutOff(answer: OpenAnswer, limit: string): void {
    const { path, wire, contextValues, unreadBytes } = answer;
    logger.info({ path, callId: contextValues.get(callIdKey), limit, unreadBytes }, 'answer was not read');
    forget(answer);
    if (!(wire instanceof ServerResponse)) {
      // gRPC's clients make RESOURCE_EXHAUSTED of it.
      wire.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    }
    wire.destroy();
  }

  function forget(answer: OpenAnswer): void {
    count(answer, -answer.unreadBytes);
    open.delete(answer);
  }

  return {
    follow(wire, path, contextValues) {
      const counts = { unreadBytes: 0, givenBytes: 0, leftBytes: 0, sinceMs: performance.now() };
      const answer: OpenAnswer = { wire, path, contextValues, ...counts };
      open.add(answer);
      wire.once('close', () => forget(answer));
      checkSoon();
      return {
        async *inPieces(chunks) {
          for await (const chunk of chunks) {
            count(answer, chunk.length);
            for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
              const piece = chunk.subarray(start, start + PIECE_BYTES);
              answer.givenBytes += piece.length;
              yield piece;
              count(answer, -piece.length);
            }
          }
        },
      };
    },
    areTooLarge: (accountId) =>
      allBytes > unreadAnswerBytes &&
      [...open].some(
        ({ unreadBytes, contextValues }) =>
          unreadBytes > 0 && contextValues.get(principalKey)?.accountId === accountId,
      ),
  };
}

/** Bytes that were written and have not left the process. */
function waitingBytesOf({ wire }: OpenAnswer): number {
  // A response without a socket waits for those before it, and not for the caller.
  return wire instanceof ServerResponse ? (wire.socket?.writableLength ?? 0) : wire.writableLength;
}

/** Bytes that have left, but for a constant: what is not sent in pieces is written at once. */
function leftBytesOf(answer: OpenAnswer): number {
  return answer.givenBytes - waitingBytesOf(answer);
}
