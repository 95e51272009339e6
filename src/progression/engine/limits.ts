/** The limits of progression/engine/. How events wait for transactions and share them. */
export const ENGINE_LIMITS = {
  /** Events that share a transaction, at most. */
  groupedEvents: 64,
  /** Transactions that apply events at the same time. */
  concurrentGroups: 3,
  /**
   * Of an account with such a transaction, events that begin another one: a share of all, at least so many.
   */
  furtherGroupEvents: 8,
  /** An event that has waited so long begins another one as well. */
  furtherGroupMs: 20,
  /** Transactions that retry single events at the same time. */
  concurrentRetries: 4,
  /** Tries of a transaction that PostgreSQL broke off (serialization, deadlock, lost connection). */
  transactionTries: 6,
  /** Events that wait for a transaction; one more is refused with OVERLOADED. */
  queuedEvents: 2_000,
  /** How long an event may have to wait; one that would wait longer is refused with OVERLOADED. */
  queueWaitMs: 500,
  /** Programs whose rules a process keeps in memory. */
  keptPrograms: 10_000,
  /** How far ahead of the server's clock an event may say it occurred. */
  futureToleranceMs: 5 * 60_000,
};
