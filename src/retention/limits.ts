/** Limits of retention/: how fast rows that are not kept are removed, and how exactly those that are kept are counted. */
export const RETENTION_LIMITS = {
  /** Interval at which a process looks for accounts whose rows are due. */
  retentionIntervalMs: 5_000,
  /** Rows that one transaction looks at. */
  retentionBatchRows: 500,
  /** The pause of an account between one pass over its rows and the next. */
  retentionPauseMs: 24 * 60 * 60_000,
  /** Rows that archive reads at a time. */
  archivedPageRows: 1_000,
  /** Rows of a kind that GetUsage counts; more are estimated. */
  usageCountedRows: 10_000,
  /** Rows of a kind whose bytes GetUsage measures. */
  usageSampledRows: 1_000,
};
