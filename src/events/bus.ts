/** The bus: it tells the workers of every process which partitions of which accounts have events to evaluate. */

/**
 * Evaluates what waits in the outbox for a partition of an account, in order, and removes it. BUSY: another transaction
 * is on it. Called again and again until nothing is left: what it did not commit is still there the next time.
 */
export type HandlePartition = (
  accountId: string,
  partition: number,
) => Promise<'BUSY' | { readonly hasMore: boolean }>;

/**
 * PostgreSQL holds the events; a bus only says who has some. Every event is handed over at least once after its
 * commit, however often processes and the bus itself end in between; that its effects happen once is the handler's to
 * see to.
 */
export interface Bus {
  /** Begins to hand partitions to `handle`: several at a time, each to one worker of the process at a time. */
  start(handle: HandlePartition): BusWorkers;
}

export interface BusWorkers {
  /** Hands over nothing more, and resolves when what was handed over has ended. */
  stop(): Promise<void>;
}
