/** The queue of steps that call out: so many calls at the same time, of each account and in all, accounts in turn. */
import type { Limits } from '../../config/config.ts';
import { createSemaphore } from '../../flow/semaphore.ts';
import type { DueEnrollment } from './due-enrollments.ts';

export interface CallQueue {
  /** Makes the call when its turn comes. False: too many wait already, of the account or in all; or it is closed. */
  offer(due: DueEnrollment): boolean;
  /** Enrollments whose call waits or runs. */
  enrollmentIds(): string[];
  /** Begins no other call; those that wait are forgotten. */
  close(): void;
  /** Resolves when no call waits or runs. */
  settled(): Promise<void>;
}

export type CallQueueLimits = Pick<
  Limits,
  'concurrentCallSteps' | 'concurrentCallStepsPerAccount' | 'waitingCallSteps' | 'waitingCallStepsPerAccount'
>;

/** `makeCall` may reject: then another pass makes the call, and `reportError` hears of it. */
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
