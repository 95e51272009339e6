/** Limits of automation/evaluation/: the size of an evaluation's transaction, the loop guard, and retries. */
export const EVALUATION_LIMITS = {
  /** Outbox entries that one transaction evaluates. */
  evaluatedEntries: 100,
  /**
   * Candidate triggers that one transaction decides for, over all its events; an entry with more is evaluated
   * alone.
   */
  evaluatedCandidates: 20_000,
  /** Accounts whose triggers a process caches. */
  keptAutomations: 1_000,
  /** Triggers that a process caches, over all accounts. */
  keptTriggers: 200_000,
  /** Number of triggers on an event type up to which NOT_MATCHED verdicts are stored. */
  explainedTriggers: 100,
  /** Maximum number of causes between an event and its root for the event to enroll. */
  loopDepth: 8,
  /** Enrollments of an athlete in a workflow that events of workflows caused, within loopSpanMs, before a hold. */
  loopEnrollments: 20,
  /** The window of loopEnrollments. */
  loopSpanMs: 30 * 60_000,
  /** A hold ends by itself this long after the last event that a workflow caused for it. */
  holdQuietMs: 30 * 60_000,
  /** Attempts of a failing entry before it becomes a dead letter. */
  entryTries: 5,
  /** The longest pause after its first try; it doubles with each further one. */
  firstEntryPauseMs: 100,
  /** Attempts of a failing trigger, and of a dead letter. */
  triggerTries: 8,
  /** The longest pause after its first try; it doubles with each further one. */
  firstTriggerPauseMs: 2_000,
  /** Upper limit of the backoff of a trigger. */
  longestTriggerPauseMs: 10 * 60_000,
  /** Dead letters that one pass retries. */
  retriedDeadLetters: 50,
  /** Queued enrollments that one pass decides. */
  releasedEnrollments: 100,
};
