/**
 * Real processes that are killed, paused and disconnected lose no request and apply none twice: each fault
 * once, and a kill at each failpoint. `npm run faults` injects more.
 */
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { FAILPOINTS } from '../../src/store/failpoints.ts';
import { MIGRATIONS } from '../../src/store/migrations.ts';
import { runFailpoints } from './failpoint-campaign.ts';
import { runCampaign } from './fault-campaign.ts';
import { FAULTS, type FaultKind, MIXED, ONE_OF_EACH, scheduleFaults } from './inject-faults.ts';
import { judgeCampaign } from './judge-campaign.ts';
import { runMigrations } from './migration-campaign.ts';
import { makeTree, removeTree } from './mutants/mutant.ts';
import { MUTANTS } from './mutants/mutants.ts';
import { checkOutRevision, releasedRevision } from './released-tree.ts';
import { createRandom } from './seeded-random.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SEED = 7;
/** The last ones; `npm run faults -- --migrations` interrupts all. */
const INTERRUPTED_MIGRATIONS = 3;
/** Starting a process takes seconds on a busy machine. */
const TIMEOUT_MS = 600_000;
const SIZES = { root: ROOT, seed: SEED, servers: 3, log: () => {} } as const;

test(
  'no fault loses or duplicates a request',
  async () => {
    const report = await runCampaign({
      ...SIZES,
      ...{ clients: 2, callsPerSecond: 60, weights: ONE_OF_EACH, least: ONE_OF_EACH, minimumMs: 0 },
      population: { accounts: 2, athletesPerAccount: 60, recurringTriggers: 10 },
    });

    expect(report.violations).toEqual([]);
    expect(judgeCampaign(report)).toEqual({ verdict: 'SOUND', reasons: [] });
    const leftOut: readonly FaultKind[] = report.leftOut ?? [];
    expect(report.faults).toEqual(
      Object.fromEntries(FAULTS.map((kind) => [kind, leftOut.includes(kind) ? 0 : 1])),
    );
    expect(report.commitsCut).toBeGreaterThan(0);
    expect(report.acknowledged).toBeGreaterThan(100);
    expect(report.runs).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);

test(
  'a campaign whose faults met no traffic is inconclusive',
  async () => {
    const report = await runCampaign({
      ...{ ...SIZES, servers: 1, clients: 1, callsPerSecond: 0, trafficWaitMs: 500 },
      ...{ weights: { KILL_SERVER: 1 }, least: { KILL_SERVER: 2 }, minimumMs: 0 },
      population: { accounts: 1, athletesPerAccount: 5, recurringTriggers: 0 },
    });

    expect(report.violations).toEqual([]);
    expect(report.unproven).toBe(2);
    expect(judgeCampaign(report).verdict).toBe('INCONCLUSIVE');
  },
  TIMEOUT_MS,
);

test(
  'a kill at any failpoint loses or duplicates no request, and every failpoint is reached',
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

test(
  'migrations that are ended in the middle, by SIGTERM and SIGKILL, change nothing and can be repeated',
  async () => {
    const names = MIGRATIONS.map(({ name }) => name).slice(-INTERRUPTED_MIGRATIONS);

    const report = await runMigrations({ root: ROOT, names, log: () => {} });

    expect(report).toEqual({
      ...{ migrations: INTERRUPTED_MIGRATIONS, interrupted: 2 * INTERRUPTED_MIGRATIONS, violations: [] },
    });
  },
  TIMEOUT_MS,
);

const released = releasedRevision(ROOT);
test.skipIf(!released)(
  `a process of the last release serves beside those of this version${released ? '' : ' (skipped: there is no history of the contract in git)'}`,
  async () => {
    const older = checkOutRevision(ROOT, `${released}`);
    onTestFinished(older.remove);
    const weights = { KILL_SERVER: 2, CUT_DATABASE: 1, TERMINATE_BACKENDS: 1, CUT_CLIENTS: 1 };
    const report = await runCampaign({
      ...{ ...SIZES, olderRoot: older.root, clients: 2, callsPerSecond: 40 },
      ...{ weights, least: weights, minimumMs: 0 },
      population: { accounts: 2, athletesPerAccount: 60, recurringTriggers: 2 },
    });

    expect(report.violations).toEqual([]);
    expect(judgeCampaign(report)).toEqual({ verdict: 'SOUND', reasons: [] });
  },
  TIMEOUT_MS,
);

describe('a fault schedule', () => {
  const round = Object.values(MIXED).reduce((sum, weight) => sum + weight, 0);
  const takeFirst = (seed: number) => {
    const schedule = scheduleFaults(createRandom(seed), MIXED, 3);
    return Array.from({ length: round }, () => schedule.next().value);
  };

  test('is the same for the same seed', () => {
    expect(takeFirst(SEED)).toEqual(takeFirst(SEED));
    expect(takeFirst(SEED)).not.toEqual(takeFirst(SEED + 1));
  });

  test('contains every kind of fault in each round', () => {
    expect(new Set(takeFirst(SEED).map(({ kind }) => kind))).toEqual(new Set(FAULTS));
  });
});

test.each(MUTANTS)('the mutant that $name fits the source', (mutant) => {
  removeTree(makeTree(ROOT, mutant));
});
