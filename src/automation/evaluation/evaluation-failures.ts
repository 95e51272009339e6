/**
 * What made an evaluation fail: the event itself, or something that has nothing to do with it.
 * Remembers which entries failed, how often, and until when their athletes wait for another try.
 */

import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { isDefect } from '../../errors/error-table.ts';
import type { WaitingEntry } from '../../events/outbox-entries.ts';
import { backoffMs } from '../../flow/backoff.ts';
import { sqlStateOf } from '../../store/database-error.ts';

/** As dead letters tell it: without values, SQL or stacks. */
export interface Failure {
  /** As in google.rpc.ErrorInfo. */
  readonly reason: string;
  readonly message: string;
}

/** Classes of SQLSTATEs that speak of the values in a statement: data, integrity, limits of what can be stored. */
const DATA_ERROR_CLASSES = new Set(['22', '23', '54']);

/**
 * Whether the same event would fail again on a healthy system. A database that is away, busy or not as it should be
 * says nothing about the event.
 */
export function isCausedByEvent(error: unknown): boolean {
  if (error instanceof DomainError) {
    return error.reason === 'VALUE_OUT_OF_RANGE' || error.reason === 'INTERNAL';
  }
  const state = sqlStateOf(error);
  return state === undefined ? !hasDriverCode(error) : DATA_ERROR_CLASSES.has(state.slice(0, 2));
}

/** Errors of the operating system have a code as well. */
function hasDriverCode(error: unknown): boolean {
  return error instanceof Error && ('code' in error || hasDriverCode(error.cause));
}

export function describeFailure(error: unknown): Failure {
  if (error instanceof DomainError && !isDefect(error)) {
    return { reason: error.reason, message: error.message };
  }
  const state = sqlStateOf(error);
  const kind = error instanceof Error ? error.name : 'an error';
  return { reason: 'INTERNAL', message: state ? `PostgreSQL refused it: ${state}` : `it failed: ${kind}` };
}

export interface FailingEntries {
  /** Athletes whose events wait until the one that failed is tried again: theirs stay in order. */
  userIdsInBackoff(): string[];
  /** Notes another failed try; true: it was the last one. */
  recordFailure(entry: WaitingEntry): boolean;
  /** The entry is dealt with. */
  forget(entryId: string): void;
}

interface Failing {
  readonly userId: string | null;
  readonly tries: number;
  /** By performance.now(). */
  readonly retryAtMs: number;
}

/** An entry that nobody has come back to for so long was seen to by another process. */
const EXPIRES_AFTER_MS = 60_000;

/** Of one process: another one that meets the same entry counts its own tries. */
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
