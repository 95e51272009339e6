/**
 * Where an athlete's cursor stands next, and what fires on the way. Pure.
 * What becomes of an occurrence whose time has come while nobody was there to see to it.
 */
import type { Instant } from '../../values/instant.ts';
import type { Occurrence, Occurrences } from './occurrence.ts';

export interface DuePlan {
  /** What fires; undefined: what the cursor stood at has been moved, or is no more. */
  readonly fired: { readonly occurrence: Occurrence; readonly isMissed: boolean } | undefined;
  /** undefined: nothing comes any more, and the cursor goes. */
  readonly next: Occurrence | undefined;
}

/**
 * Of a cursor that is due: what the athlete's date and zone are now decides, not what they were when it was made. What
 * an edit took out of reach was not missed: it just does not come.
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
 * After a change of the athlete's date or zone at an instant. What the cursor stood at and the change took into the
 * past, as a move eastwards does, is not lost while it could still fire late.
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

/** EARLY: its time is still to come. DUE: it fires, late if need be. MISSED: it is recorded and fires no more. */
export type Timeliness = 'EARLY' | 'DUE' | 'MISSED';

/** `latestMs` is how late an occurrence may still fire. */
export function timelinessOf(plannedAt: Instant, now: Instant, latestMs: number): Timeliness {
  if (plannedAt > now) {
    return 'EARLY';
  }
  return now - plannedAt <= BigInt(latestMs) * 1000n ? 'DUE' : 'MISSED';
}
