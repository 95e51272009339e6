/** The limits of automation/evaluation/. What one transaction evaluates, and how failures are tried again. */
export const EVALUATION_LIMITS = {
  /** Entries of the outbox that one transaction evaluates. */
  evaluatedEntries: 100,
  /** Triggers that one transaction decides for, of all its events; an entry with more of them goes alone. */
  evaluatedCandidates: 20_000,
  /** Accounts whose triggers a process keeps in memory. */
  keptAutomations: 1_000,
  /** Triggers of all of them. */
  keptTriggers: 200_000,
  /** Up to so many triggers of a type of event, each has its verdict kept, also where it did not match. */
  explainedTriggers: 100,
  /** How many causes back the root of an event may be that still enrolls an athlete. */
  loopDepth: 8,
  /** Enrollments of one athlete in one workflow within loopSpanMs, beyond which there is a hold. */
  loopEnrollments: 20,
  /** See loopEnrollments. */
  loopSpanMs: 30 * 60_000,
  /** Tries of an entry that fails, after which it is a dead letter. */
  entryTries: 5,
  /** The longest pause after its first try; it doubles with each further one. */
  firstEntryPauseMs: 100,
  /** Tries of a trigger that fails, and of a dead letter. */
  triggerTries: 8,
  /** The longest pause after its first try; it doubles with each further one. */
  firstTriggerPauseMs: 2_000,
  /** Where the doubling ends. */
  longestTriggerPauseMs: 10 * 60_000,
  /** Dead letters that one pass tries again. */
  retriedDeadLetters: 50,
  /** Queued enrollments that one pass looks at. */
  releasedEnrollments: 100,
};
