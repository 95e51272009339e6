/**
 * Tells failures caused by an event from failures of the system, and counts the attempts of failing entries.
 */

import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { isDefect } from '../../errors/error-table.ts';
import type { WaitingEntry } from '../../events/outbox-entries.ts';
import { backoffMs } from '../../flow/backoff.ts';
import { sqlStateOf } from '../../store/database-error.ts';

/** The failure as a dead letter stores it: without values, SQL or stack traces. */
export interface Failure {
  /** The reason as in google.rpc.ErrorInfo. */
  readonly reason: string;
  readonly message: string;
}

/**
 * SQLSTATE classes caused by the values of a statement: data exception, integrity violation, program limit
 * exceeded.
 */
const DATA_ERROR_CLASSES = new Set(['22', '23', '54']);

/**
 * Whether the same event would fail again on a healthy system. An unavailable, busy or misconfigured database
 * is not caused by the event.
 */
export function isCausedByEvent(error: unknown): boolean {
  if (error instanceof DomainError) {
    return error.reason === 'VALUE_OUT_OF_RANGE' || error.reason === 'INTERNAL';
  }
  const state = sqlStateOf(error);
  return state === undefined ? !hasDriverCode(error) : DATA_ERROR_CLASSES.has(state.slice(0, 2));
}

/** Errors of the operating system and of drivers have a `code`. */
function hasDriverCode(error: unknown): boolean {
  return error instanceof Error && ('code' in error || hasDriverCode(error.cause));
}

export function describeFailure(error: unknown): Failure {
  if (error instanceof DomainError && !isDefect(error)) {
    return { reason: error.reason, message: error.message };
  }
  const state = sqlStateOf(error);
  const kind = error instanceof Error ? error.name : 'an error';
  return {
    reason: 'INTERNAL',
    message: state ? `PostgreSQL rejected the statement: ${state}` : `evaluation failed: ${kind}`,
  };
}

export interface FailingEntries {
  /** Athletes with a failed entry whose retry is not due; their events wait, so that they stay in order. */
  userIdsInBackoff(): string[];
  /** Records a failed attempt; true when the attempts are used up. */
  recordFailure(entry: WaitingEntry): boolean;
  /** Removes an entry that succeeded or became a dead letter. */
  forget(entryId: string): void;
}

interface Failing {
  readonly userId: string | null;
  readonly tries: number;
  /** Milliseconds of performance.now(). */
  readonly retryAtMs: number;
}

/** An entry that was not retried here for this long was handled by another process. */
const EXPIRES_AFTER_MS = 60_000;

/** Counts attempts in this process only; another process that reads the same entry counts its own. */
export function createFailingEntries(
  limits: Pick<Limits, 'entryTries' | 'firstEntryPauseMs'>,
): FailingEntries {
  const failing = new Map<string, Failing>();
  return {
    userIdsInBackoff() {
      const nowMs = performance.now();
      const waiting = [...failing.values()].filter(({ retryAtMs }) => retryAtMs > nowMs);
      return waiting.map(({ userId }) => userId).filter((userId) => userId !== null);
    },
    recordFailure({ id, userId }) {
      removeExpired();
      const tries = (failing.get(id)?.tries ?? 0) + 1;
      const pauseMs = backoffMs(tries, { firstMs: limits.firstEntryPauseMs, longestMs: EXPIRES_AFTER_MS });
      failing.set(id, { userId, tries, retryAtMs: performance.now() + pauseMs });
      return tries >= limits.entryTries;
    },
    forget(entryId) {
      failing.delete(entryId);
    },
  };

  function removeExpired(): void {
    const nowMs = performance.now();
    for (const [id, { retryAtMs }] of failing) {
      if (nowMs - retryAtMs > EXPIRES_AFTER_MS) {
        failing.delete(id);
      }
    }
  }
}
