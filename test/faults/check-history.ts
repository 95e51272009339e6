/** Checks a history; each rule reads each row and each line of the journal a constant number of times. */

import { checkCounters } from './rules/check-counters.ts';
import { checkEffects } from './rules/check-effects.ts';
import { checkEvents } from './rules/check-events.ts';
import { checkLedger } from './rules/check-ledger.ts';
import { checkRuns } from './rules/check-runs.ts';
import { checkVersionChains } from './rules/check-version-chains.ts';
import type { History, Violation } from './run-history.ts';

/** Returns the violations; empty for a sound history. */
export function checkHistory(history: History): Violation[] {
  return [
    ...checkLedger(history),
    ...checkEffects(history),
    ...checkVersionChains(history),
    ...checkCounters(history),
    ...checkEvents(history),
    ...checkRuns(history),
    ...checkConnections(history),
  ];
}

/** An idle connection must have no account and no role set. */
function checkConnections({ leftovers }: History): Violation[] {
  return leftovers.map((detail) => ({ rule: 'CONNECTION_CLEAN', detail }));
}
