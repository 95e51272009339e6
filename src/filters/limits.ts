/** Limits of filters/: the size of a filter. */
export const FILTER_LIMITS = {
  /** Size of the filter as JSON. */
  filterBytes: 16 * 1024,
  /** Conditions of all groups together. */
  filterConditions: 20,
  /** Levels of nested groups, including the root. */
  filterDepth: 4,
  /** Elements of a list value. */
  filterListItems: 200,
  /** Characters of a text value. */
  filterStringLength: 1_024,
  /** The number of events that a condition on the history may need. */
  historyCount: 1_000,
  /** How far back such a condition may look, in days. */
  historySpanDays: 400,
};
