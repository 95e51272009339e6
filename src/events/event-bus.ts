/** The event bus: tells the workers of every process which partitions of which accounts have events to evaluate. */

/**
 * Evaluates waiting outbox entries of an account's partitions, each partition in order, and removes them. Called
 * again until no entries are left; uncommitted entries are found again by the next call.
 */
export type HandlePartitions = (
  accountId: string,
  partitions: readonly number[],
) => Promise<HandledPartitions>;

/** The result of one call; partitions in neither list have no entries left. */
export interface HandledPartitions {
  /** Partitions that another transaction has locked. */
  readonly busy: readonly number[];
  /** Partitions with more entries that can be handled at once. */
  readonly unfinished: readonly number[];
}

/**
 * PostgreSQL stores the events; a bus only announces which partitions have some. Every event is handed over at least
 * once after its commit, however often processes or the bus itself fail; the handler makes its effects idempotent.
 */
export interface Bus {
  /** Starts to hand partitions to `handle`, each partition to one worker of the process at a time. */
  start(handle: HandlePartitions): BusWorkers;
}

export interface BusWorkers {
  /** Hands over no further partition, and resolves when the running calls have ended. */
  stop(): Promise<void>;
}

/** Receives measurements of events between their acceptance and their verdicts. */
export interface EventObserver {
  /** Outbox entries were evaluated; `waitedMs` has the time since recording of each. */
  evaluated(waitedMs: readonly number[]): void;
  /** A trigger decided on an event, for this reason. */
  decided(reason: string): void;
  /** Entries were relayed to the external bus; the oldest was recorded `oldestMs` ago. */
  relayed(entries: number, oldestMs: number): void;
}
