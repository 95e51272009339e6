/** The limits of store/: connections to the database, and waits for them. */
export const STORE_LIMITS = {
  /** Connections to PostgreSQL that one process holds. */
  databaseConnections: 10,
  /** How long PostgreSQL may take to open a connection. */
  connectionWaitMs: 2_000,
  /** How long a read or a change waits for a free connection; then it is OVERLOADED. */
  transactionWaitMs: 200,
  /** Reads and changes that wait for a connection; one more is OVERLOADED. */
  waitingTransactions: 500,
  /** How far a standby may be behind and still answer reads that tolerate lag. */
  standbyLagMs: 5_000,
  /** Interval at which the primary and the standby are asked how far they are. */
  standbyPollMs: 500,
  /** How long closing the connections may take when the process ends; see drainMs. */
  storeCloseMs: 3_000,
};
