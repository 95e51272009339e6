/** The limits of server/admission/. Which calls are admitted, and for how long. */
export const ADMISSION_LIMITS = {
  /** Concurrent calls; a further one is refused with OVERLOADED before it is read. */
  concurrentCalls: 300,
  /** The same while most calls are refused for it: enough to fill the transactions, and less to wait for. */
  overloadedCalls: 200,
  /** Calls of an account per second, a batch as many as it holds; twice as many at once. 0: any number. */
  accountCallsPerSecond: 5_000,
  /** Units of heavy calls that are under way at the same time; see call-weight.ts. */
  heavyCallUnits: 8,
  /** Those of one account. */
  heavyCallUnitsPerAccount: 4,
  /** Heavy calls of an account that wait for their turn. */
  waitingHeavyCallsPerAccount: 32,
  /** The share of the free heap that requests under way may take, by their size; see request-memory.ts. */
  requestHeapPercent: 50,
  /** Calls of an address per second; twice as many at once. 0: any number. */
  peerCallsPerSecond: 10_000,
  /** Accounts, and addresses, whose calls are counted; beyond that the longest quiet ones are forgotten. */
  countedCallers: 10_000,
  /** The deadline of a call that brings none. */
  defaultDeadlineMs: 5_000,
  /** The longest deadline; a longer one is cut down to it. */
  maximumDeadlineMs: 30_000,
};
