/** What happens to events between their acceptance and their verdicts, for whoever measures it. */

export interface EventObserver {
  /** Entries of the outbox were evaluated, each so long after it was recorded. */
  evaluated(waitedMs: readonly number[]): void;
  /** A trigger decided about an event, for this reason. */
  decided(reason: string): void;
  /** So many entries were relayed to a bus beside PostgreSQL, the oldest so long after it was recorded. */
  relayed(entries: number, oldestMs: number): void;
}
