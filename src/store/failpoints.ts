/**
 * Failpoints: named steps of every database change at which a test can kill the process. They do nothing
 * unless armed.
 */

/** In the order in which the steps are reached. */
export const FAILPOINTS = [
  // Events of the engine, in one transaction.
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
  // Evaluation: from the outbox to verdicts, runs and the log.
  'evaluation-locked',
  'evaluation-decided',
  'evaluation-logged',
  'evaluation-flushed',
  'evaluation-committed',
  // Relay: from the outbox to Redis.
  'relay-read',
  'relay-added',
  'relay-marked',
  'relay-committed',
  // Steps of workflows.
  'step-taken',
  'step-done',
  'step-flushed',
  'step-committed',
  // Scheduler: from a due cursor to the outbox.
  'schedule-locked',
  'schedule-written',
  'schedule-moved',
  'schedule-committed',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

let reached: ((point: Failpoint) => void) | undefined;

/** Calls `onReached` at every failpoint from now on. */
export function armFailpoints(onReached: (point: Failpoint) => void): void {
  reached = onReached;
}

export function failpoint(point: Failpoint): void {
  reached?.(point);
}

/** The failpoint between a transaction's flush and its commit; it flushes early, but only when armed. */
export async function failpointBeforeCommit(
  point: Failpoint,
  { em }: { readonly em: { flush(): Promise<void> } },
): Promise<void> {
  if (reached) {
    await em.flush();
    reached(point);
  }
}
