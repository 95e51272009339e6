/** What the queue of events reports to its metrics. */
import type { TriggerCommand } from './trigger-command.ts';
import type { UnitOfWork } from './unit-of-work.ts';

export interface QueueDepth {
  /** Events that wait for a transaction. */
  readonly waiting: number;
  /** Events that a shared transaction could not settle and that wait for one of their own. */
  readonly waitingAlone: number;
  /** Transactions that run. */
  readonly running: number;
}

/** What the queue reports to its metrics. */
export interface TriggerQueueObserver {
  /** Once, when the queue opens: how many events may wait, and how to ask for its depth from then on. */
  opened(limit: number, depth: () => QueueDepth): void;
  /** A call hands its event over. */
  submitted(command: TriggerCommand): void;
  /** Runs the transaction of these events in their traces. */
  within<T>(commands: readonly TriggerCommand[], transaction: () => T): T;
  /** A transaction of so many events has ended. */
  ran(events: number, durationMs: number, isCommitted: boolean): void;
  /** An event that PostgreSQL broke off is tried again. */
  retried(): void;
}

/** The same unit of work, each transaction of which is reported. */
export function observeRuns(unitOfWork: UnitOfWork, observer: TriggerQueueObserver): UnitOfWork {
  return {
    async run(commands, waitMs) {
      const beganAtMs = performance.now();
      let isCommitted = false;
      try {
        const settlements = await observer.within(commands, () => unitOfWork.run(commands, waitMs));
        isCommitted = true;
        return settlements;
      } finally {
        observer.ran(commands.length, performance.now() - beganAtMs, isCommitted);
      }
    },
  };
}
