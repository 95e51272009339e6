/** Runs the scenario or the test of a mutant, and returns what detected it. */

import { runDuplicates } from '../duplicate-campaign.ts';
import { runFailpoints } from '../failpoint-campaign.ts';
import { type CampaignReport, runCampaign } from '../fault-campaign.ts';
import type { Rule } from '../run-history.ts';
import { type Mutant, makeTree, removeTree, type Scenario } from './mutant.ts';
import { runMutantTest } from './run-mutant-test.ts';

export interface Detection {
  readonly mutant: string;
  /** `TEST` for a test of the suite; undefined when nothing detected the mutant. */
  readonly rule: Rule | 'TEST' | undefined;
  readonly detail: string;
}

const SERVERS = 3;
const CALLS_PER_SECOND = 60;
const ATHLETES = 20;
/** A mutant may never finish its open work. */
const SETTLE_MS = 8_000;
const GIVE_UP_MS = 60_000;
/** Timing depends on the machine, so a scenario that detects nothing is repeated. */
const TRIES = 5;

type Campaign = Exclude<Scenario, { kind: 'TEST' }>;

export async function runMutant(root: string, seed: number, mutant: Mutant): Promise<Detection> {
  const tree = makeTree(root, mutant);
  const { scenario } = mutant;
  try {
    if (scenario.kind === 'TEST') {
      return { mutant: mutant.name, ...runMutantTest(tree, scenario) };
    }
    let otherFinding = 'nothing';
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const { violations } = await runScenario(tree, seed + attempt, mutant, scenario);
      const found = violations.find(({ rule }) => mutant.rules.includes(rule));
      if (found) {
        return { mutant: mutant.name, rule: found.rule, detail: found.detail };
      }
      otherFinding = violations[0] ? `only ${violations[0].rule}: ${violations[0].detail}` : otherFinding;
    }
    return { mutant: mutant.name, rule: undefined, detail: otherFinding };
  } finally {
    removeTree(tree);
  }
}

function runScenario(
  root: string,
  seed: number,
  { servers = SERVERS }: Mutant,
  scenario: Campaign,
): Promise<CampaignReport> {
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
