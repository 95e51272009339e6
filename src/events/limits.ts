/** The limits of events/. How events are found, handed over and watched. */
export const EVENT_LIMITS = {
  /** How often the outbox is looked into for events to evaluate. */
  busPollMs: 50,
  /** Partitions of accounts that wait to be evaluated; the others stay in the outbox. */
  busPartitions: 256,
  /** Transactions that evaluate at the same time. */
  busWorkers: 3,
  /** Partitions of an account that one of them takes at most. */
  partitionsTogether: 16,
  /** Calls that watch events at the same time. */
  watchers: 50,
  /** Such calls of one account. */
  watchersPerAccount: 10,
  /** How long such a call may go on. */
  watchMs: 60 * 60_000,
  /** How often a watcher looks for events. */
  watchPollMs: 250,
  /** Events that a watcher reads at a time. */
  watchedEvents: 500,
  /** After how long without an event a watcher says that there are none. */
  watchHeartbeatMs: 10_000,
  /** Dead letters that one call of RedriveDeadLetters tries again. */
  redrivenDeadLetters: 1_000,
};
