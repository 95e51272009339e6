/** The limits of automation/time/. Schedules and the scheduler. */
export const TIME_LIMITS = {
  /** Intervals of a week's business hours. */
  openIntervals: 100,
  /** Days on which nothing opens. */
  holidays: 1_000,
  /** How often the scheduler looks what is due. */
  schedulerIntervalMs: 1_000,
  /** Accounts that it serves in one pass. */
  dueAccounts: 100,
  /** Athletes, or cursors, that one transaction of the scheduler goes through. */
  timeCursorPageSize: 2_000,
  /** Occurrences that ListNextOccurrences names. */
  nextOccurrences: 10,
  /** How late an occurrence may still fire; after that it is recorded as missed. */
  lateOccurrenceMs: 24 * 60 * 60_000,
};
