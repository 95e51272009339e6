/** Limits of events/: polling, handing over and watching events. */
export const EVENT_LIMITS = {
  /** Interval of polling the outbox. */
  busPollMs: 50,
  /** The same on a cluster, for work that no commit of the process has announced; also for other due work. */
  clusterPollMs: 5_000,
  /** Partitions in the queue of a process; the entries of others stay in the outbox. */
  busPartitions: 256,
  /** Transactions that evaluate concurrently. */
  busWorkers: 3,
  /** Partitions of an account that one transaction evaluates. */
  partitionsTogether: 16,
  /** Concurrent WatchEvents calls of a process. */
  watchers: 50,
  /** Concurrent WatchEvents calls of an account. */
  watchersPerAccount: 10,
  /** Maximum duration of a WatchEvents call. */
  watchMs: 60 * 60_000,
  /** Interval at which a watcher polls the log. */
  watchPollMs: 250,
  /** Events that a watcher reads per poll. */
  watchedEvents: 500,
  /** Bytes of their data that it reads per poll, and holds while its reader takes none; the event that exceeds them is read. */
  watchedBytes: 128 * 1024,
  /** Time without an event after which a watcher receives a heartbeat. */
  watchHeartbeatMs: 10_000,
  /** Dead letters that one call of RedriveDeadLetters redrives. */
  redrivenDeadLetters: 1_000,
};
