/**
 * Real processes that are killed, paused and cut off lose nothing and do nothing twice: each fault once, and a death at
 * each failpoint. `npm run faults` has more of them.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FAILPOINTS } from '../../src/store/failpoints.ts';
import { runCampaign } from './campaign.ts';
import { runFailpoints } from './failpoint-campaign.ts';
import { makeTree, removeTree } from './mutants/mutant.ts';
import { MUTANTS } from './mutants/mutants.ts';
import { FAULTS, MIXED, ONE_OF_EACH, scheduleFaults } from './nemesis.ts';
import { createRandom } from './random.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SEED = 7;
/** A busy machine takes some seconds to start a process. */
const TIMEOUT_MS = 600_000;
const SIZES = { root: ROOT, seed: SEED, servers: 3, log: () => {} } as const;

test(
  'nothing is lost or doubled by any fault',
  async () => {
    const report = await runCampaign({
      ...SIZES,
      ...{ clients: 2, callsPerSecond: 60, weights: ONE_OF_EACH, least: ONE_OF_EACH, minimumMs: 0 },
      population: { accounts: 2, athletesPerAccount: 60, recurringTriggers: 10 },
    });

    expect(report.violations).toEqual([]);
    expect(report.faults).toEqual(Object.fromEntries(FAULTS.map((kind) => [kind, 1])));
    expect(report.commitsCut).toBeGreaterThan(0);
    expect(report.acknowledged).toBeGreaterThan(100);
    expect(report.runs).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

test(
  'nothing is lost or doubled by a death at any failpoint, and every one is reached',
  async () => {
    const { hits, ...report } = await runFailpoints({
      ...SIZES,
      ...{ hits: 1, points: FAILPOINTS, giveUpMs: TIMEOUT_MS / 2 },
    });

    expect(report.violations).toEqual([]);
    expect([...hits].filter(([, count]) => count === 0)).toEqual([]);
    expect(hits.size).toBe(FAILPOINTS.length);
  },
  TIMEOUT_MS,
);

describe('a schedule of faults', () => {
  const firstOf = (seed: number) => {
    const schedule = scheduleFaults(createRandom(seed), MIXED, 3);
    return Array.from({ length: 50 }, () => schedule.next().value);
  };

  test('is the same for the same seed', () => {
    expect(firstOf(SEED)).toEqual(firstOf(SEED));
    expect(firstOf(SEED)).not.toEqual(firstOf(SEED + 1));
  });

  test('has every kind in each round', () => {
    expect(new Set(firstOf(SEED).map(({ kind }) => kind))).toEqual(new Set(FAULTS));
  });
});

test.each(MUTANTS)('a service that $name can still be made', (mutant) => {
  removeTree(makeTree(ROOT, mutant));
});
