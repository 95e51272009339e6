/** The bus: it tells the workers of every process which partitions of which accounts have events to evaluate. */

/**
 * Evaluates what waits in the outbox for partitions of an account, each in order, and removes it. Called again and
 * again until nothing is left: what it did not commit is still there the next time.
 */
export type HandlePartitions = (
  accountId: string,
  partitions: readonly number[],
) => Promise<HandledPartitions>;

/** What became of the partitions; those that are not named have nothing left. */
export interface HandledPartitions {
  /** Another transaction is on these. */
  readonly busy: readonly number[];
  /** These have more that can be handled at once. */
  readonly unfinished: readonly number[];
}

/**
 * PostgreSQL holds the events; a bus only says who has some. Every event is handed over at least once after its
 * commit, however often processes and the bus itself end in between; that its effects happen once is the handler's to
 * see to.
 */
export interface Bus {
  /** Begins to hand partitions to `handle`, each to one worker of the process at a time. */
  start(handle: HandlePartitions): BusWorkers;
}

export interface BusWorkers {
  /** Hands over nothing more, and resolves when what was handed over has ended. */
  stop(): Promise<void>;
}
