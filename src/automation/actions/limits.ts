/** The limits of automation/actions/. Runs of workflows and their steps. */
export const ACTION_LIMITS = {
  /** How often the action runner looks for enrollments whose next step is due. */
  actionIntervalMs: 100,
  /** Due enrollments that one pass of the action runner reads. */
  dueEnrollments: 1_000,
  /** How many of them it takes of one account. */
  dueEnrollmentsPerAccount: 200,
  /** Steps that change the database at the same time. */
  concurrentSteps: 4,
  /** How long each of them may take. */
  stepTimeoutMs: 5_000,
  /** Steps that call out, as webhooks do, at the same time. */
  concurrentCallSteps: 256,
  /** Such steps of one account. */
  concurrentCallStepsPerAccount: 4,
  /** Such steps that wait for their turn. */
  waitingCallSteps: 1_000,
  /** Such steps of one account that wait. */
  waitingCallStepsPerAccount: 100,
  /** After how long such a step counts as abandoned by its process; longer than any of them takes. */
  stepLeaseMs: 60_000,
  /** Failed runs that one call of RedriveRuns retries. */
  redrivenRuns: 1_000,
  /** Runs that one call of CancelRuns cancels. */
  cancelledRuns: 10_000,
  /** Tries of a step that are kept; RetryRun adds to them. */
  keptStepTries: 50,
  /** Characters of what is kept of why a try failed. */
  stepDetailCharacters: 300,
  /** How much is kept of what a step changed. */
  stepChangesBytes: 16 * 1024,
  /** Tries of a step. */
  stepTries: 12,
  /** Failed tries of a webhook after which the event `webhook_failing` tells of it. */
  failingWebhookTries: 3,
  /** The longest pause after its first try; it doubles with each further one. */
  firstStepPauseMs: 1_000,
  /** The longest pause. */
  longestStepPauseMs: 60 * 60_000,
  /** How long a webhook's receiver may take to answer. */
  webhookTimeoutMs: 10_000,
  /** How long a name server may take for the name of a receiver. */
  webhookNameTryMs: 2_000,
  /** How often it is asked. */
  webhookNameTries: 2,
  /** Names that are asked for at the same time for one account. */
  concurrentNamesPerAccount: 2,
  /** The longest time for which the addresses of a name are kept; a shorter one that the name server sets counts. */
  webhookNameCacheMs: 30_000,
  /** For how long a name counts as unknown after a failure. */
  webhookNameFailureMs: 5_000,
  /** Names whose addresses are kept. */
  webhookNames: 1_000,
  /** How much of its answer is read. */
  webhookAnswerBytes: 64 * 1024,
  /** The largest answer that is kept for later steps. */
  keptAnswerBytes: 16 * 1024,
};
