/** The limits of automation/publishing/. */
export const PUBLISHING_LIMITS = {
  /** Entries of an account that may wait to be evaluated before its publishers are refused. */
  publishBacklog: 50_000,
};
