/** The limits of events/redis/. Redis and its streams. */
export const REDIS_LIMITS = {
  /** How long an event may wait for word of it from Redis before the outbox itself is looked into. */
  redisPatienceMs: 2_000,
  /** How long Redis may take to answer. */
  redisTimeoutMs: 2_000,
  /** How long reading the streams waits for something new. */
  streamWaitMs: 1_000,
  /** Entries of the outbox that are relayed in one transaction. */
  relayedEntries: 500,
  /** Records that a stream keeps, about. */
  streamRecords: 10_000,
  /** Records that one read takes. */
  readRecords: 1_000,
  /** Records of one process that are not acknowledged. */
  pendingRecords: 20_000,
  /** After how long another process takes over records that are not acknowledged. */
  abandonedRecordMs: 10_000,
};
