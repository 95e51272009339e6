/** The limits of server/. The process as a server: its messages, its readiness and its end. */
export const SERVER_LIMITS = {
  /** A request message, as received and after decompression. */
  messageBytes: 1024 * 1024,
  /** How often the server asks itself whether it is ready, and how long it waits for that answer. */
  readinessIntervalMs: 1_000,
  /** Answers in a row that take a ready server out of rotation. */
  readinessFailures: 3,
  /** Answers in a row that bring it back. */
  readinessSuccesses: 2,
  /** How long the server goes on serving after the first SIGTERM, while health says NOT_SERVING. */
  drainPauseMs: 0,
  /**
   * How long after the first SIGTERM calls that still run are cut off. The process ends 25 s after it, with
   * telemetryFlushMs and storeCloseMs.
   */
  drainMs: 20_000,
};
