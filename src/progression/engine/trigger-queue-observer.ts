/** What the trigger queue tells of its work to whoever measures it. */

export interface QueueDepth {
  /** Events that wait for a transaction. */
  readonly waiting: number;
  /** Events that a shared transaction could not settle, and that wait for one of their own. */
  readonly waitingAlone: number;
  /** Transactions at work. */
  readonly running: number;
}

export interface TriggerQueueObserver {
  /** Once, when the queue opens: how many events may wait, and how to ask for its depth from then on. */
  opened(limit: number, depth: () => QueueDepth): void;
  /** A transaction of this many events came to its end. */
  ran(events: number, durationMs: number, isCommitted: boolean): void;
  /** An event that PostgreSQL broke off is tried again. */
  retried(): void;
}
