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
  impossibleFaults,
  injectFault,
  scheduleFaults,
} from './inject-faults.ts';
import type { PopulationSize } from './populate-accounts.ts';
import type { History, Violation } from './run-history.ts';
import { createRandom } from './seeded-random.ts';
import { openTestBed, type TestBed } from './test-bed.ts';

export interface CampaignOptions {
  readonly root: string;
  readonly seed: number;
  readonly servers: number;
  /** See TestBedOptions. A process of an older version cannot be started on a newer schema, so it is not killed. */
  readonly olderRoot?: string | undefined;
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
  /** How long a fault waits for traffic before it; absent for the default. */
  readonly trafficWaitMs?: number;
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
  /** Faults, or duplicated calls, that met fewer than LEAST_ACKNOWLEDGED acknowledged requests. */
  readonly unproven: number;
  readonly faults?: Readonly<Record<FaultKind, number>>;
  /** The kinds that this machine cannot inject. */
  readonly leftOut?: readonly FaultKind[];
  readonly violations: readonly Violation[];
  /** What was checked. */
  readonly history: History;
}

/**
 * Acknowledged requests between each fault and the next: the effect of a fault on a service that answers no call is not
 * visible.
 */
export const LEAST_ACKNOWLEDGED = 10;
const TRAFFIC_WAIT_MS = 30_000;
const POLL_MS = 20;

export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const hasBouncer = (options.weights.RESTART_PGBOUNCER ?? 0) > 0;
  const testBed = await openTestBed({ ...options, hasBouncer });
  try {
    const startedAtMs = performance.now();
    const callsPerSecond = options.callsPerSecond / options.clients;
    const work = { kind: 'MIXED', callsPerSecond, calls: options.calls } as const;
    testBed.startClients(options.clients, options.seed, work);
    const injected = await injectSchedule(testBed, options);
    options.log('healed; waiting for open work');
    heal(testBed);
    return { ...(await finishCampaign(testBed, options.seed, startedAtMs)), ...injected };
  } finally {
    await testBed.close();
  }
}

/**
 * Stops the clients, checks the history, and returns the report. Faults that were not injected one after the other are
 * unproven when the campaign as a whole acknowledged too few requests.
 */
export async function finishCampaign(
  testBed: TestBed,
  seed: number,
  startedAtMs: number,
  faults = 0,
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
  const acknowledged = count('ANSWERED');
  return {
    ...{ seed, seconds, violations, history },
    calls: sum(clients.map((client) => client.progress().calls)),
    attempts: sum(clients.map((client) => client.progress().attempts)),
    ...{ acknowledged, refused: count('REFUSED'), applied: ledger.length },
    ...{ events: events.length, relayed: history.relayed?.length, runs: runs.length },
    kills: sum(servers.map(({ ends }) => ends.kills)),
    failpoints: sum(servers.map(({ ends }) => ends.failpoints)),
    commitsCut: sum(servers.map(({ database }) => database.commitsCut)),
    unproven: Math.max(0, faults - Math.floor(acknowledged / LEAST_ACKNOWLEDGED)),
  };
}

async function injectSchedule(
  testBed: TestBed,
  options: CampaignOptions,
): Promise<Required<Pick<CampaignReport, 'faults' | 'unproven' | 'leftOut'>>> {
  const { seed, weights, minimumMs, least, log } = options;
  const leftOut = [...impossibleFaults(testBed), ...(options.olderRoot ? (['RESTORE_DUMP'] as const) : [])];
  const possible = (kinds: FaultWeights): FaultWeights =>
    Object.fromEntries(Object.entries(kinds).filter(([kind]) => !leftOut.includes(kind as FaultKind)));
  const random = createRandom(seed);
  const counts = Object.fromEntries(FAULTS.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  const untilMs = performance.now() + minimumMs;
  const isEnough = () =>
    performance.now() >= untilMs &&
    Object.entries(possible(least)).every(([kind, count]) => counts[kind as FaultKind] >= count);
  const waitMs = options.trafficWaitMs ?? TRAFFIC_WAIT_MS;
  let unproven = 0;
  let isBefore = await meetsTraffic(testBed, waitMs);
  for (const fault of scheduleFaults(random, possible(weights), testBed.servers.length)) {
    if (isEnough()) {
      break;
    }
    const server =
      options.olderRoot && fault.kind === 'KILL_SERVER' ? Math.max(1, fault.server) : fault.server;
    log(`${fault.kind} ${server}`);
    await injectFault(testBed, { ...fault, server });
    counts[fault.kind] += 1;
    const isAfter = await meetsTraffic(testBed, waitMs);
    unproven += isBefore && isAfter ? 0 : 1;
    isBefore = isAfter;
  }
  await delay(500);
  return { faults: counts, unproven, leftOut };
}

/** Waits until the clients have received LEAST_ACKNOWLEDGED further acknowledgements. */
async function meetsTraffic({ clients }: TestBed, waitMs: number): Promise<boolean> {
  const count = () => clients.reduce((sum, client) => sum + client.progress().acknowledged, 0);
  const enough = count() + LEAST_ACKNOWLEDGED;
  const giveUpAtMs = performance.now() + waitMs;
  while (count() < enough && performance.now() < giveUpAtMs) {
    await delay(POLL_MS);
  }
  return count() >= enough;
}
