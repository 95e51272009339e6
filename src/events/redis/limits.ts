/** Limits of events/redis/: Redis and its streams. */
export const REDIS_LIMITS = {
  /** Time after which an entry that Redis has not announced is found by polling the outbox. */
  redisDeliveryTimeoutMs: 2_000,
  /** Timeout of connections to Redis. */
  redisTimeoutMs: 2_000,
  /** How long one read of the streams blocks for new records. */
  streamWaitMs: 1_000,
  /** Outbox entries that one transaction relays. */
  relayedEntries: 500,
  /** Approximate number of records that a stream keeps. */
  streamRecords: 10_000,
  /** Records that one read returns. */
  readRecords: 1_000,
  /** Maximum number of unacknowledged records of a process. */
  pendingRecords: 20_000,
  /** Idle time after which another process claims unacknowledged records. */
  abandonedRecordMs: 10_000,
};
