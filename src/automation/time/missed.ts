/** What becomes of an occurrence whose time has come while nobody was there to see to it. */
import type { Instant } from '../../instant.ts';

/** EARLY: its time is still to come. DUE: it fires, late if need be. MISSED: it is recorded and fires no more. */
export type Timeliness = 'EARLY' | 'DUE' | 'MISSED';

/** `latestMs` is how late an occurrence may still fire. */
export function timelinessOf(plannedAt: Instant, now: Instant, latestMs: number): Timeliness {
  if (plannedAt > now) {
    return 'EARLY';
  }
  return now - plannedAt <= BigInt(latestMs) * 1000n ? 'DUE' : 'MISSED';
}
