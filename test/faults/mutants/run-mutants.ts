/** Lets each broken service go through its scenario, and says which rule has noticed. */
import { type CampaignReport, runCampaign } from '../campaign.ts';
import { runDuplicates } from '../duplicates.ts';
import { runFailpoints } from '../failpoint-campaign.ts';
import type { Rule } from '../history.ts';
import { type Mutant, makeTree, removeTree } from './mutant.ts';

export interface Catch {
  readonly mutant: string;
  /** Undefined: it was not noticed. */
  readonly rule: Rule | undefined;
  readonly detail: string;
}

const SERVERS = 3;
const CALLS_PER_SECOND = 60;
const ATHLETES = 20;
/** A broken service may never finish what it has begun. */
const SETTLE_MS = 8_000;
const GIVE_UP_MS = 60_000;
/** Whether a fault falls between two steps is up to the machine: a scenario that shows nothing is gone through again. */
const TRIES = 5;

export async function runMutant(root: string, seed: number, mutant: Mutant): Promise<Catch> {
  const tree = makeTree(root, mutant);
  try {
    let besides = 'nothing';
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const { violations } = await runScenario(tree, seed + attempt, mutant);
      const found = violations.find(({ rule }) => mutant.rules.includes(rule));
      if (found) {
        return { mutant: mutant.name, rule: found.rule, detail: found.detail };
      }
      besides = violations[0] ? `only ${violations[0].rule}: ${violations[0].detail}` : besides;
    }
    return { mutant: mutant.name, rule: undefined, detail: besides };
  } finally {
    removeTree(tree);
  }
}

function runScenario(root: string, seed: number, mutant: Mutant): Promise<CampaignReport> {
  const { scenario, servers = SERVERS } = mutant;
  const common = { root, seed, servers, settleMs: SETTLE_MS, log: () => {} };
  switch (scenario.kind) {
    case 'DUPLICATES':
      return runDuplicates({ ...common, calls: scenario.calls, copies: scenario.copies });
    case 'FAILPOINTS':
      return runFailpoints({
        ...common,
        ...{ points: scenario.points, hits: scenario.hits, giveUpMs: GIVE_UP_MS },
      });
    case 'FAULTS':
      return runCampaign({
        ...common,
        ...{ clients: 2, callsPerSecond: CALLS_PER_SECOND, calls: scenario.calls },
        population: { accounts: 2, athletesPerAccount: scenario.athletes ?? ATHLETES, recurringTriggers: 0 },
        ...{ weights: scenario.faults, least: scenario.faults, minimumMs: 0 },
      });
  }
}
