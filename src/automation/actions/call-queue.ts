/**
 * The queue of steps that call out, with limits on concurrent calls in total and per account, and turns over
 * accounts.
 */
import type { Limits } from '../../config/config.ts';
import { createSemaphore } from '../../flow/semaphore.ts';
import type { DueEnrollment } from './due-enrollments.ts';

export interface CallQueue {
  /** Queues the call. Returns false when the queue of the account, or the whole queue, is full or closed. */
  offer(due: DueEnrollment): boolean;
  /** Enrollments whose call is queued or running. */
  enrollmentIds(): string[];
  /** Starts no further call, and drops the queued ones. */
  close(): void;
  /** Resolves when no call is queued or running. */
  settled(): Promise<void>;
}

export type CallQueueLimits = Pick<
  Limits,
  'concurrentCallSteps' | 'concurrentCallStepsPerAccount' | 'waitingCallSteps' | 'waitingCallStepsPerAccount'
>;

/** When `makeCall` rejects, `reportError` is called and a later pass makes the call. */
export function createCallQueue(
  limits: CallQueueLimits,
  makeCall: (due: DueEnrollment) => Promise<void>,
  reportError: (error: unknown) => void,
): CallQueue {
  const semaphore = createSemaphore({
    slots: limits.concurrentCallSteps,
    slotsPerKey: limits.concurrentCallStepsPerAccount,
    waiters: limits.waitingCallSteps,
    waitersPerKey: limits.waitingCallStepsPerAccount,
  });
  const closing = new AbortController();
  const offered = new Map<string, Promise<void>>();

  async function run(due: DueEnrollment): Promise<void> {
    const release = await semaphore.acquire(due.accountId, { signal: closing.signal });
    try {
      closing.signal.throwIfAborted();
      await makeCall(due);
    } finally {
      release();
    }
  }
  return {
    offer(due) {
      if (closing.signal.aborted || semaphore.isFull(due.accountId)) {
        return false;
      }
      const ended = run(due)
        .catch((error: unknown) => {
          if (error !== closing.signal.reason) {
            reportError(error);
          }
        })
        .finally(() => offered.delete(due.id));
      offered.set(due.id, ended);
      return true;
    },
    enrollmentIds: () => [...offered.keys()],
    close: () => closing.abort(),
    async settled() {
      while (offered.size > 0) {
        await Promise.all(offered.values());
      }
    },
  };
}
