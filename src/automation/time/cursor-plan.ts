/** Plans the next position of an athlete's cursor, and what fires before it. Pure. */
import type { Instant } from '../../values/instant.ts';
import type { Occurrence, Occurrences } from './occurrence.ts';

export interface DuePlan {
  /** The occurrence that fires; undefined when it has been moved or removed. */
  readonly fired: { readonly occurrence: Occurrence; readonly isMissed: boolean } | undefined;
  /** undefined when there is no further occurrence: the cursor is removed. */
  readonly next: Occurrence | undefined;
}

/**
 * Plans a due cursor from the athlete's current date and zone, not from those at its creation. An occurrence
 * that an edit removed is not recorded as missed.
 */
export function planDue(
  occurrences: Occurrences,
  cursor: { readonly occurrenceKey: string; readonly plannedAt: Instant },
  now: Instant,
  latestMs: number,
): DuePlan {
  const occurrence = occurrences.ofKey(cursor.occurrenceKey);
  const timeliness = occurrence && timelinessOf(occurrence.plannedAt, now, latestMs);
  const isEdited = occurrence?.plannedAt !== cursor.plannedAt;
  if (occurrence === undefined || timeliness === 'EARLY' || (timeliness === 'MISSED' && isEdited)) {
    return { fired: undefined, next: occurrences.next(now) };
  }
  return {
    fired: { occurrence, isMissed: timeliness === 'MISSED' },
    next: occurrences.next(occurrence.plannedAt),
  };
}

/**
 * Plans a cursor after a change of the athlete's date or zone. An occurrence that the change moved into the
 * past, as a move eastwards can, still fires while it is not too late.
 */
export function planChanged(
  occurrences: Occurrences,
  key: string | undefined,
  changedAt: Instant,
  latestMs: number,
): Occurrence | undefined {
  const pending = key === undefined ? undefined : occurrences.ofKey(key);
  const isPending = pending && timelinessOf(pending.plannedAt, changedAt, latestMs) === 'DUE';
  return isPending ? pending : occurrences.next(changedAt);
}

/** EARLY: it is not due. DUE: it fires, possibly late. MISSED: it is recorded and does not fire. */
export type Timeliness = 'EARLY' | 'DUE' | 'MISSED';

/** `latestMs` is the longest delay after which an occurrence still fires. */
export function timelinessOf(plannedAt: Instant, now: Instant, latestMs: number): Timeliness {
  if (plannedAt > now) {
    return 'EARLY';
  }
  return now - plannedAt <= BigInt(latestMs) * 1000n ? 'DUE' : 'MISSED';
}
