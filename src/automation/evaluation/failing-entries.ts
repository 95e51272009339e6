/** Remembers which entries failed, how often, and until when their athletes wait for another try. */
import type { Limits } from '../../config.ts';
import type { WaitingEntry } from '../../events/outbox-entries.ts';
import { backoffMs } from '../../flow/backoff.ts';

export interface FailingEntries {
  /** Athletes whose events wait until the one that failed is tried again: theirs stay in order. */
  waitingUserIds(): string[];
  /** Notes another failed try; true: it was the last one. */
  hasFailedForGood(entry: WaitingEntry): boolean;
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
const FORGOTTEN_AFTER_MS = 60_000;

/** Of one process: another one that meets the same entry counts its own tries. */
export function createFailingEntries(
  limits: Pick<Limits, 'entryTries' | 'firstEntryPauseMs'>,
): FailingEntries {
  const failing = new Map<string, Failing>();
  return {
    waitingUserIds() {
      const nowMs = performance.now();
      const waiting = [...failing.values()].filter(({ retryAtMs }) => retryAtMs > nowMs);
      return waiting.map(({ userId }) => userId).filter((userId) => userId !== null);
    },
    hasFailedForGood({ id, userId }) {
      forgetOld();
      const tries = (failing.get(id)?.tries ?? 0) + 1;
      const pauseMs = backoffMs(tries, { firstMs: limits.firstEntryPauseMs, longestMs: FORGOTTEN_AFTER_MS });
      failing.set(id, { userId, tries, retryAtMs: performance.now() + pauseMs });
      return tries >= limits.entryTries;
    },
    forget(entryId) {
      failing.delete(entryId);
    },
  };

  function forgetOld(): void {
    const nowMs = performance.now();
    for (const [id, { retryAtMs }] of failing) {
      if (nowMs - retryAtMs > FORGOTTEN_AFTER_MS) {
        failing.delete(id);
      }
    }
  }
}
