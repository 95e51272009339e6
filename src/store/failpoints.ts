/** Places at which a test lets the process die: every step of what changes the database. Nothing happens there unless armed. */

/** In the order in which a step of the work reaches them. */
export const FAILPOINTS = [
  // Events for the engine: their one transaction.
  'unit-begun',
  'unit-locked',
  'unit-loaded',
  'unit-decided',
  'unit-flushed',
  'unit-committed',
  // Other writing calls.
  'call-claimed',
  'call-worked',
  'call-stored',
  'call-committed',
  // Published events.
  'publish-locked',
  'publish-claimed',
  'publish-written',
  'publish-committed',
  // From the outbox to verdicts, runs and the log.
  'evaluation-locked',
  'evaluation-decided',
  'evaluation-logged',
  'evaluation-flushed',
  'evaluation-committed',
  // From the outbox to Redis.
  'relay-read',
  'relay-added',
  'relay-marked',
  'relay-committed',
  // Steps of workflows.
  'step-taken',
  'step-done',
  'step-flushed',
  'step-committed',
  // Time triggers: from a cursor that is due to the outbox.
  'schedule-locked',
  'schedule-written',
  'schedule-moved',
  'schedule-committed',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

let reached: ((point: Failpoint) => void) | undefined;

/** Tells `onReached` of every point from now on. */
export function armFailpoints(onReached: (point: Failpoint) => void): void {
  reached = onReached;
}

export function failpoint(point: Failpoint): void {
  reached?.(point);
}

/** The point between a transaction's flush and its commit, which follow one another; only when armed it flushes first. */
export async function failpointBeforeCommit(
  point: Failpoint,
  { em }: { readonly em: { flush(): Promise<void> } },
): Promise<void> {
  if (reached) {
    await em.flush();
    reached(point);
  }
}
