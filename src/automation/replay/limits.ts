/** Limits of automation/replay/: replays and backfills. */
export const REPLAY_LIMITS = {
  /** Events that one call replays. */
  replayedEvents: 10_000,
  /** Events that one transaction of a replay evaluates. */
  replayPageSize: 200,
  /** Athletes that a backfill reads in one transaction. */
  backfillPageSize: 100,
  /** Enrollments of a backfill per minute when the call names no rate. */
  backfillRatePerMinute: 600,
  /** How long the confirmation token of a backfill is valid. */
  confirmationMs: 10 * 60_000,
};
