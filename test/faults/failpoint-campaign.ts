/**
 * A campaign in which servers are killed at every failpoint, `hits` times each, while clients send calls;
 * then the history is checked.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { FAILPOINTS, type Failpoint } from '../../src/store/failpoints.ts';
import { type CampaignReport, finishCampaign } from './fault-campaign.ts';
import { heal } from './inject-faults.ts';
import type { SupervisedServer } from './server-process.ts';
import { openTestBed } from './test-bed.ts';

export interface FailpointOptions {
  readonly root: string;
  readonly seed: number;
  /** Number of servers; one of them is never armed, so that work continues. */
  readonly servers: number;
  readonly settleMs?: number;
  /** Required number of kills at each failpoint. */
  readonly hits: number;
  readonly points: readonly Failpoint[];
  readonly giveUpMs: number;
  readonly log: (line: string) => void;
}

export interface FailpointReport extends CampaignReport {
  readonly hits: ReadonlyMap<Failpoint, number>;
}

/**
 * Enough athletes that the loop guard stops no workflow: it holds an athlete after 20 enrollments in half an
 * hour.
 */
const ATHLETES = 400;
/** Servers are killed and armed again when no failpoint was hit for this long. */
const REARM_TIMEOUT_MS = 20_000;
/** Clock offset beyond the last fired tick of time triggers. */
const NEXT_TICK_MS = 61_000;
const POLL_MS = 50;

export async function runFailpoints(options: FailpointOptions): Promise<FailpointReport> {
  const { seed, log } = options;
  const hits = new Map(options.points.map((point) => [point, 0]));
  const testBed = await openTestBed({
    ...options,
    population: { accounts: 2, athletesPerAccount: ATHLETES, recurringTriggers: 10 },
    onFailpoint(name) {
      const point = FAILPOINTS.find((each) => each === name);
      if (point) {
        hits.set(point, (hits.get(point) ?? 0) + 1);
        log(`${point} ${hits.get(point)}`);
      }
    },
  });
  try {
    const startedAtMs = performance.now();
    testBed.startClients(2, seed, { kind: 'MIXED', callsPerSecond: 20 });
    const isEnough = () => [...hits.values()].every((count) => count >= options.hits);
    const giveUpAtMs = startedAtMs + options.giveUpMs;
    const choose = createChooser(hits, options.hits);
    for (const server of testBed.servers.slice(1)) {
      server.arm(() => choose(server));
    }
    let ends = -1;
    while (!isEnough() && performance.now() < giveUpAtMs) {
      // A failpoint that is not reached for a while is replaced by another one.
      const before = ends;
      ends = testBed.servers.reduce((sum, server) => sum + server.ends.failpoints, 0);
      if (ends === before) {
        await Promise.all(testBed.servers.slice(1).map((server) => server.kill()));
      }
      await until(isEnough, REARM_TIMEOUT_MS);
    }
    heal(testBed);
    const kills = [...hits.values()].reduce((sum, count) => sum + count, 0);
    const report = await finishCampaign(testBed, seed, startedAtMs, kills);
    return { ...report, hits };
  } finally {
    await testBed.close();
  }
}

/** Chooses the failpoint with the fewest turns; failpoints of time triggers get a clock that is ahead. */
function createChooser(hits: ReadonlyMap<Failpoint, number>, enough: number) {
  const turns = new Map([...hits.keys()].map((point) => [point, 0]));
  let clockOffsetMs = 0;
  return (server: SupervisedServer): Failpoint | undefined => {
    const open = [...turns].filter(([point]) => (hits.get(point) ?? 0) < enough);
    const [point, turn] = open.toSorted(([, a], [, b]) => a - b)[0] ?? [];
    if (point && turn !== undefined) {
      turns.set(point, turn + 1);
      const isOfClock = point.startsWith('schedule-');
      clockOffsetMs += isOfClock ? NEXT_TICK_MS : 0;
      server.stepClock(isOfClock ? clockOffsetMs : 0);
    }
    return point;
  };
}

async function until(isMet: () => boolean, timeoutMs: number): Promise<void> {
  const giveUpAtMs = performance.now() + timeoutMs;
  while (!isMet() && performance.now() < giveUpAtMs) {
    await delay(POLL_MS);
  }
}
