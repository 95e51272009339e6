/** Says what is wrong with a history; each rule looks at each row and each line of the journal a fixed number of times. */
import type { History, Violation } from './history.ts';
import { checkChains } from './rules/chains.ts';
import { checkEffects } from './rules/effects.ts';
import { checkEvents } from './rules/events.ts';
import { checkLedger } from './rules/ledger.ts';
import { checkMemories } from './rules/memories.ts';
import { checkRuns } from './rules/runs.ts';

/** Nothing is wrong: an empty list. */
export function check(history: History): Violation[] {
  return [
    ...checkLedger(history),
    ...checkEffects(history),
    ...checkChains(history),
    ...checkMemories(history),
    ...checkEvents(history),
    ...checkRuns(history),
    ...checkConnections(history),
  ];
}

/** A connection that nobody uses belongs to no account and has no role. */
function checkConnections({ leftovers }: History): Violation[] {
  return leftovers.map((detail) => ({ rule: 'CONNECTION_CLEAN', detail }));
}
