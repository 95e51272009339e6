/** A run: clients at work while one fault follows another, until there have been enough; then the check. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CallWeights } from './calls.ts';
import type { Violation } from './history.ts';
import { bringAbout, FAULTS, type FaultKind, type FaultWeights, heal, scheduleFaults } from './nemesis.ts';
import type { PopulationSize } from './population.ts';
import { createRandom } from './random.ts';
import { openStage, type Stage } from './stage.ts';

export interface CampaignOptions {
  readonly root: string;
  readonly seed: number;
  readonly servers: number;
  readonly clients: number;
  readonly callsPerSecond: number;
  /** Absent: the usual mixture. */
  readonly calls?: CallWeights | undefined;
  readonly population: PopulationSize;
  readonly settleMs?: number;
  readonly weights: FaultWeights;
  /** At least for so long, and until there were so many faults of each kind. */
  readonly minimumMs: number;
  readonly least: Readonly<Partial<Record<FaultKind, number>>>;
  /** Hears of what goes on. */
  readonly log: (line: string) => void;
}

/** What came of a run. */
export interface CampaignReport {
  readonly seed: number;
  readonly seconds: number;
  readonly calls: number;
  /** Beyond one for each call: what was sent again. */
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
  const stage = await openStage(options);
  try {
    const startedAtMs = performance.now();
    const callsPerSecond = options.callsPerSecond / options.clients;
    const work = { kind: 'MIXED', callsPerSecond, calls: options.calls } as const;
    stage.startClients(options.clients, options.seed, work);
    const faults = await disturb(stage, options);
    options.log('healed; waiting for what is still open');
    heal(stage);
    return { ...(await reportOn(stage, options.seed, startedAtMs)), faults };
  } finally {
    await stage.close();
  }
}

/** Ends the clients' work, and sums up. */
export async function reportOn(stage: Stage, seed: number, startedAtMs: number): Promise<CampaignReport> {
  const { clients, servers } = stage;
  for (const client of clients) {
    client.stop();
  }
  await Promise.all(clients.map(({ done }) => done));
  const seconds = Math.round((performance.now() - startedAtMs) / 1000);
  const { history, violations } = await stage.settle();
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

async function disturb(
  stage: Stage,
  { seed, weights, minimumMs, least, log }: CampaignOptions,
): Promise<Record<FaultKind, number>> {
  const random = createRandom(seed);
  const counts = Object.fromEntries(FAULTS.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  const untilMs = performance.now() + minimumMs;
  const isEnough = () =>
    performance.now() >= untilMs &&
    Object.entries(least).every(([kind, count]) => counts[kind as FaultKind] >= count);
  for (const fault of scheduleFaults(random, weights, stage.servers.length)) {
    if (isEnough()) {
      break;
    }
    log(`${fault.kind} ${fault.server}`);
    await bringAbout(stage, fault);
    counts[fault.kind] += 1;
  }
  await delay(500);
  return counts;
}
