/**
 * The benchmark: the served API beside its floor, hand-written SQL under pgbench, in one run on one database. With the
 * argument `triggers`, `events`, `growth` or `steady`, the benchmark of those instead.
 */
import { runEventBench } from './events.ts';
import { round } from './figures.ts';
import { type FloorResult, keepRowSizes, requirePgbench, runFloor } from './floor.ts';
import { runGrowthBench } from './growth.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import { runLoad } from './run-load.ts';
import { analyze, type Served, withServedAthletes } from './served.ts';
import { runSteadyBench } from './steady.ts';
import { runTriggerBench } from './triggers.ts';

const USERS = 20_000;
const IN_FLIGHT = [1, 16, 64, 256];
const HEADLINE_IN_FLIGHT = 64;
const FLOOR = { users: USERS, connections: 16, seconds: 10 };
const WARM_UP_MS = 3_000;
const BATCH = { pace: { inFlight: 4 }, eventsPerCall: 200 };

const OTHERS: Readonly<Record<string, () => Promise<void>>> = {
  triggers: runTriggerBench,
  events: runEventBench,
  growth: runGrowthBench,
  steady: runSteadyBench,
};

async function main(): Promise<void> {
  const other = OTHERS[process.argv[2] ?? ''];
  if (other) {
    await other();
    return;
  }
  await requirePgbench();
  // Evaluation writes rows that the floor does not: beside it, both are measured again.
  for (const workers of ['off', 'on']) {
    process.stdout.write(`\nevents are ${workers === 'on' ? 'evaluated meanwhile' : 'left in the outbox'}\n`);
    const environment = { AUTOMATION_WORKERS: workers };
    await withServedAthletes({ users: USERS, environment }, (served) => measure(served, workers));
  }
}

async function measure(served: Served, workers: string): Promise<void> {
  const { url, databaseUrl } = served;
  const load = (order: Partial<LoadOrder>) => runLoad({ url, users: USERS, ...order });
  await keepRowSizes(served, USERS);
  await load({ pace: { inFlight: HEADLINE_IN_FLIGHT }, warmUpMs: 0, measureMs: WARM_UP_MS });
  await analyze(databaseUrl);
  const floorAlone = await measureFloor(databaseUrl, 1);
  let headline: LoadResult | undefined;
  let floor: FloorResult | undefined;
  let crowded: FloorResult | undefined;
  let latencyAloneMs = Number.NaN;
  for (const inFlight of IN_FLIGHT) {
    const result = await load({ pace: { inFlight } });
    reportLoad(`unary, ${inFlight} in flight`, result);
    if (inFlight === 1) {
      latencyAloneMs = result.p50Ms;
    }
    if (inFlight === HEADLINE_IN_FLIGHT) {
      headline = result;
      floor = await measureFloor(databaseUrl, FLOOR.connections);
      // As many callers as the headline has: what each of them waits for hand-written SQL.
      crowded = await measureFloor(databaseUrl, HEADLINE_IN_FLIGHT);
    }
  }
  const batch = await load({ method: 'BatchHandleTriggers', ...BATCH });
  reportLoad(`batches of ${BATCH.eventsPerCall}, ${BATCH.pace.inFlight} in flight`, batch);
  if (!headline || !floor || !crowded) {
    throw new TypeError('the headline was not measured');
  }
  const line = {
    evaluation: workers,
    latency_ratio: round(latencyAloneMs / floorAlone.meanMs),
    unary_per_second: Math.round(headline.eventsPerSecond),
    floor_per_second: Math.round(floor.eventsPerSecond),
    ratio: round(headline.eventsPerSecond / floor.eventsPerSecond),
    p50_ms: round(headline.p50Ms),
    p95_ms: round(headline.p95Ms),
    p99_ms: round(headline.p99Ms),
    floor_mean_ms: round(crowded.meanMs),
    batch_per_second: Math.round(batch.eventsPerSecond),
    batch_ratio: round(batch.eventsPerSecond / floor.eventsPerSecond),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function measureFloor(databaseUrl: string, connections: number): Promise<FloorResult> {
  const floor = await runFloor({ databaseUrl, ...FLOOR, connections });
  const name = `floor, ${connections} connection${connections === 1 ? '' : 's'}`;
  report(name, floor.eventsPerSecond, `mean ${floor.meanMs.toFixed(2)} ms`);
  return floor;
}

function reportLoad(name: string, result: LoadResult): void {
  const { p50Ms, p95Ms, p99Ms, failed } = result;
  const latency = `p50 ${p50Ms.toFixed(1)}  p95 ${p95Ms.toFixed(1)}  p99 ${p99Ms.toFixed(1)} ms`;
  report(name, result.eventsPerSecond, failed > 0 ? `${latency}  ${failed} FAILED` : latency);
}

function report(name: string, eventsPerSecond: number, rest: string): void {
  process.stdout.write(`${name.padEnd(34)} ${eventsPerSecond.toFixed(0).padStart(7)} events/s   ${rest}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
