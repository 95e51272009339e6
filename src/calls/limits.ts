/** The limits of calls/. What every method has in common. */
export const CALL_LIMITS = {
  /** Rows of a list when the caller names no size; the contract has the most that it may name. */
  defaultPageSize: 50,
};
