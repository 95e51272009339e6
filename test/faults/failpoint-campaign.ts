/** A run in which servers die at every failpoint, so many times each, while clients are at work; then the check. */
import { setTimeout as delay } from 'node:timers/promises';
import { FAILPOINTS, type Failpoint } from '../../src/store/failpoints.ts';
import { type CampaignReport, reportOn } from './campaign.ts';
import { heal } from './nemesis.ts';
import type { SupervisedServer } from './server-process.ts';
import { openStage } from './stage.ts';

export interface FailpointOptions {
  readonly root: string;
  readonly seed: number;
  /** Of which one is never armed, so that the work goes on. */
  readonly servers: number;
  readonly settleMs?: number;
  /** How often a server has to die at each point. */
  readonly hits: number;
  readonly points: readonly Failpoint[];
  readonly giveUpMs: number;
  readonly log: (line: string) => void;
}

export interface FailpointReport extends CampaignReport {
  readonly hits: ReadonlyMap<Failpoint, number>;
}

/** So many that workflows go on: whoever began one 20 times in half an hour is kept from it. */
const ATHLETES = 400;
/** When no server has died in this time, they are armed anew. */
const PATIENCE_MS = 20_000;
/** Ahead of the tick that the last server has fired. */
const NEXT_TICK_MS = 61_000;
const POLL_MS = 50;

export async function runFailpoints(options: FailpointOptions): Promise<FailpointReport> {
  const { seed, log } = options;
  const hits = new Map(options.points.map((point) => [point, 0]));
  const stage = await openStage({
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
    stage.startClients(2, seed, { kind: 'MIXED', callsPerSecond: 20 });
    const isEnough = () => [...hits.values()].every((count) => count >= options.hits);
    const giveUpAtMs = startedAtMs + options.giveUpMs;
    const choose = createChooser(hits, options.hits);
    for (const server of stage.servers.slice(1)) {
      server.arm(() => choose(server));
    }
    let ends = -1;
    while (!isEnough() && performance.now() < giveUpAtMs) {
      // Also what is not reached for a while has an end: then something else has its turn.
      const before = ends;
      ends = stage.servers.reduce((sum, server) => sum + server.ends.failpoints, 0);
      if (ends === before) {
        await Promise.all(stage.servers.slice(1).map((server) => server.kill()));
      }
      await until(isEnough, PATIENCE_MS);
    }
    heal(stage);
    const report = await reportOn(stage, seed, startedAtMs);
    return { ...report, hits };
  } finally {
    await stage.close();
  }
}

/** The point that has had the fewest turns; the clock's come with a clock that is ahead. */
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

async function until(isMet: () => boolean, patienceMs: number): Promise<void> {
  const giveUpAtMs = performance.now() + patienceMs;
  while (!isMet() && performance.now() < giveUpAtMs) {
    await delay(POLL_MS);
  }
}
