/** The limits of filters/. What a filter may hold. */
export const FILTER_LIMITS = {
  /** A filter as JSON. */
  filterBytes: 16 * 1024,
  /** Conditions in all groups. */
  filterConditions: 20,
  /** Groups within one another, with the root. */
  filterDepth: 4,
  /** Elements of a list that a condition compares with. */
  filterListItems: 200,
  /** Characters of a text that a condition compares with. */
  filterStringLength: 1_024,
};
