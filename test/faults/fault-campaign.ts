/**
 * A campaign: clients send calls while faults are injected, until enough faults occurred; then the history is
 * checked.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { CallWeights } from './client-calls.ts';
import {
  FAULTS,
  type FaultKind,
  type FaultWeights,
  heal,
  injectFault,
  scheduleFaults,
} from './inject-faults.ts';
import type { PopulationSize } from './populate-accounts.ts';
import type { Violation } from './run-history.ts';
import { createRandom } from './seeded-random.ts';
import { openTestBed, type TestBed } from './test-bed.ts';

export interface CampaignOptions {
  readonly root: string;
  readonly seed: number;
  readonly servers: number;
  readonly clients: number;
  readonly callsPerSecond: number;
  /** Absent for the default weights. */
  readonly calls?: CallWeights | undefined;
  readonly population: PopulationSize;
  readonly settleMs?: number;
  readonly weights: FaultWeights;
  /** Minimum duration, and minimum number of faults of each kind. */
  readonly minimumMs: number;
  readonly least: Readonly<Partial<Record<FaultKind, number>>>;
  /** Receives progress messages. */
  readonly log: (line: string) => void;
}

/** The result of a campaign. */
export interface CampaignReport {
  readonly seed: number;
  readonly seconds: number;
  readonly calls: number;
  /** Number of requests sent, including retries. */
  readonly attempts: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly applied: number;
  readonly events: number;
  readonly relayed: number | undefined;
  readonly runs: number;
  readonly kills: number;
  readonly failpoints: number;
  readonly commitsCut: number;
  readonly faults?: Readonly<Record<FaultKind, number>>;
  readonly violations: readonly Violation[];
}

export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const testBed = await openTestBed(options);
  try {
    const startedAtMs = performance.now();
    const callsPerSecond = options.callsPerSecond / options.clients;
    const work = { kind: 'MIXED', callsPerSecond, calls: options.calls } as const;
    testBed.startClients(options.clients, options.seed, work);
    const faults = await injectSchedule(testBed, options);
    options.log('healed; waiting for open work');
    heal(testBed);
    return { ...(await finishCampaign(testBed, options.seed, startedAtMs)), faults };
  } finally {
    await testBed.close();
  }
}

/** Stops the clients, checks the history, and returns the report. */
export async function finishCampaign(
  testBed: TestBed,
  seed: number,
  startedAtMs: number,
): Promise<CampaignReport> {
  const { clients, servers } = testBed;
  for (const client of clients) {
    client.stop();
  }
  await Promise.all(clients.map(({ done }) => done));
  const seconds = Math.round((performance.now() - startedAtMs) / 1000);
  const { history, violations } = await testBed.settle();
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const count = (kind: string) => history.journal.filter((line) => line.kind === kind).length;
  const { ledger, events, runs } = history.stored;
  return {
    ...{ seed, seconds, violations },
    calls: sum(clients.map((client) => client.progress().calls)),
    attempts: sum(clients.map((client) => client.progress().attempts)),
    ...{ acknowledged: count('ANSWERED'), refused: count('REFUSED'), applied: ledger.length },
    ...{ events: events.length, relayed: history.relayed?.length, runs: runs.length },
    kills: sum(servers.map(({ ends }) => ends.kills)),
    failpoints: sum(servers.map(({ ends }) => ends.failpoints)),
    commitsCut: sum(servers.map(({ database }) => database.commitsCut)),
  };
}

async function injectSchedule(
  testBed: TestBed,
  { seed, weights, minimumMs, least, log }: CampaignOptions,
): Promise<Record<FaultKind, number>> {
  const random = createRandom(seed);
  const counts = Object.fromEntries(FAULTS.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  const untilMs = performance.now() + minimumMs;
  const isEnough = () =>
    performance.now() >= untilMs &&
    Object.entries(least).every(([kind, count]) => counts[kind as FaultKind] >= count);
  for (const fault of scheduleFaults(random, weights, testBed.servers.length)) {
    if (isEnough()) {
      break;
    }
    log(`${fault.kind} ${fault.server}`);
    await injectFault(testBed, fault);
    counts[fault.kind] += 1;
  }
  await delay(500);
  return counts;
}
