/**
 * `npm run faults`: runs a campaign for the requested time or number of faults, and prints the result; see
 * docs/faults.md.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FAILPOINTS } from '../../src/store/failpoints.ts';
import { MIGRATIONS } from '../../src/store/migrations.ts';
import { runDuplicates } from './duplicate-campaign.ts';
import { runFailpoints } from './failpoint-campaign.ts';
import { type CampaignReport, runCampaign } from './fault-campaign.ts';
import { FAULTS, type FaultWeights, MIXED } from './inject-faults.ts';
import { judgeCampaign } from './judge-campaign.ts';
import { runMigrations } from './migration-campaign.ts';
import { MUTANTS } from './mutants/mutants.ts';
import { runMutant } from './mutants/run-mutants.ts';
import { checkOutRevision, releasedRevision } from './released-tree.ts';
import type { Rule } from './run-history.ts';
import { runProof } from './run-proof.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    verbose: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '1' },
    rate: { type: 'string', default: '100' },
    faults: { type: 'string' },
    failpoints: { type: 'boolean', default: false },
    hits: { type: 'string', default: '20' },
    duplicates: { type: 'string' },
    copies: { type: 'string', default: '64' },
    migrations: { type: 'boolean', default: false },
    beside: { type: 'string', default: '' },
    proof: { type: 'boolean', default: false },
    share: { type: 'string', default: '1' },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    history: { type: 'string', default: '' },
  },
});
const root = join(import.meta.dirname, '..', '..');
const seed = Number(values.seed);
const print = (line: string) => process.stdout.write(`${line}\n`);
const log = values.verbose ? print : () => {};
const SERVERS = 3;
const EXIT_CODES = { SOUND: 0, VIOLATED: 1, INCONCLUSIVE: 2 } as const;
const LONGEST_MS = 60 * 60_000;

print(`seed ${seed}`);
if (values.mutants) {
  await mutants();
} else if (values.migrations) {
  await migrations();
} else if (values.proof) {
  process.exitCode = await runProof({ seed, share: Number(values.share), print });
} else {
  const report = await run();
  for (const { rule, detail } of report.violations.slice(0, 50)) {
    print(`${rule}: ${detail}`);
  }
  const { verdict, reasons } = judgeCampaign(report);
  for (const reason of reasons) {
    print(`${verdict}: ${reason}`);
  }
  print(summarize(report));
  if (values.history) {
    writeFileSync(values.history, JSON.stringify(report.history));
  }
  process.exitCode ||= EXIT_CODES[verdict];
}

/** One line with the counts of faults, calls and violations. */
function summarize(report: CampaignReport): string {
  const { faults, violations, history: _, ...counts } = report;
  const injected = Object.entries(faults ?? {}).filter(([, count]) => count > 0);
  const broken = (rules: readonly Rule[]) => violations.filter(({ rule }) => rules.includes(rule)).length;
  return JSON.stringify({
    ...counts,
    faults: Object.fromEntries(injected),
    cycles: injected.reduce((sum, [, count]) => sum + count, counts.failpoints),
    lost: broken(['ACKNOWLEDGED_IS_APPLIED']),
    doubled: broken(['REQUEST_ONCE', 'EVENT_ONCE', 'OCCURRENCE_ONCE']),
    violations: violations.filter(({ rule }) => rule !== 'OVERLOADED').length,
    verdict: judgeCampaign(report).verdict,
  });
}

async function mutants(): Promise<void> {
  const chosen = MUTANTS.filter(({ name }) => name.includes(values.only));
  let detected = 0;
  for (const mutant of chosen) {
    const { rule, detail } = await runMutant(root, seed, mutant);
    detected += rule ? 1 : 0;
    print(`${rule ?? 'NOT DETECTED'}: a service that ${mutant.name} (${detail})`);
  }
  print(`${detected} of ${chosen.length} detected`);
  process.exitCode = detected < chosen.length ? 1 : 0;
}

async function migrations(): Promise<void> {
  const names = MIGRATIONS.map(({ name }) => name);
  const { violations, ...counts } = await runMigrations({ root, names, log });
  for (const violation of violations) {
    print(violation);
  }
  const verdict = violations.length > 0 ? 'VIOLATED' : 'SOUND';
  print(JSON.stringify({ ...counts, violations: violations.length, verdict }));
  process.exitCode = EXIT_CODES[verdict];
}

function run(): Promise<CampaignReport> {
  if (values.failpoints) {
    return failpoints(Number(values.hits));
  }
  if (values.duplicates) {
    const size = { calls: Number(values.duplicates), copies: Number(values.copies) };
    return runDuplicates({ root, seed, servers: SERVERS, ...size });
  }
  const least = values.faults === undefined ? undefined : readFaults(values.faults);
  return least
    ? campaign({ weights: least, least, minimumMs: 0 })
    : campaign({ weights: MIXED, least: {}, minimumMs: Number(values.minutes) * 60_000 });
}

/** Reads `KIND=NUMBER` with commas between them. */
function readFaults(text: string): FaultWeights {
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [name, number] = part.split('=');
      const kind = FAULTS.find((each) => each === name);
      if (!kind || !(Number(number) > 0)) {
        throw new TypeError(`--faults takes KIND=NUMBER with one of ${FAULTS.join(', ')}, not ${part}`);
      }
      return [kind, Number(number)];
    }),
  );
}

async function campaign(
  plan: Readonly<{ weights: FaultWeights; least: FaultWeights; minimumMs: number }>,
): Promise<CampaignReport> {
  const population = { accounts: 2, athletesPerAccount: 200, recurringTriggers: 10 };
  const sizes = { root, seed, servers: SERVERS, clients: 2, callsPerSecond: Number(values.rate), population };
  const revision = values.beside === 'released' ? releasedRevision(root) : values.beside;
  if (revision === undefined) {
    throw new TypeError('--beside released needs the history of the contract, in git');
  }
  const older = revision === '' ? undefined : checkOutRevision(root, revision);
  try {
    return await runCampaign({ ...sizes, olderRoot: older?.root, log, ...plan });
  } finally {
    older?.remove();
  }
}

async function failpoints(hits: number): Promise<CampaignReport> {
  const options = { root, seed, servers: SERVERS, hits, points: FAILPOINTS, giveUpMs: LONGEST_MS, log };
  const { hits: counts, ...report } = await runFailpoints(options);
  for (const [point, count] of counts) {
    print(`${point} ${count}`);
    if (count < hits) {
      process.exitCode = 1;
    }
  }
  const covered = [...counts.values()].filter((count) => count >= hits).length;
  print(`${covered} of ${counts.size} points, ${hits} times each`);
  if (covered < counts.size) {
    throw new Error('not every point was reached often enough');
  }
  return report;
}
