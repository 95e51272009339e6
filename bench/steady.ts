/** The steady benchmark: latencies at a fixed rate and of large events, start times, memory under long load. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mean, reportBounded, round } from './figures.ts';
import { keepRowSizes, requirePgbench, runFloor } from './floor.ts';
import type { LoadOrder } from './load.ts';
import { findFreePort, type MemorySample, sampleMemory, slopeOf } from './memory.ts';
import { runLoad } from './run-load.ts';
import { analyze, startServer, withServedAthletes } from './served.ts';

const MINUTES = Number(process.argv[3] || 10);
/** Seconds at each rate. */
const SECONDS = Number(process.argv[4] || 30);
const USERS = 20_000;
const RATES = [500, 1_000];
const CALLS = 200;
const MANY_LIFTS = 20;
const MANY_EVENTS = 20;
const STARTS = 5;
const IN_FLIGHT = 64;
const SAMPLE_MS = 10_000;
const SAMPLES_AT_LEAST = 30;
const FLAT_WITHIN_PERCENT = 10;
const FLOOR = { connections: 16, seconds: 10 };
const BOUNDS = { sessionMs: 20, manyMs: 50, startMs: 3_000 };

type Figures = Record<string, unknown>;

/** Prints one line per figure, and at the end all of them as JSON. */
export async function runSteadyBench(): Promise<void> {
  const figures = {
    ...(await measureRates()),
    ...(await measureManyLifts()),
    ...(await measureStarts()),
    ...(await measureMemory()),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

async function measureRates(): Promise<Figures> {
  const figures: Figures = {};
  await requirePgbench();
  await withServedAthletes({ users: USERS }, async (served) => {
    const { url, databaseUrl } = served;
    await keepRowSizes(served, USERS);
    await warmUp(url, databaseUrl);
    for (const perSecond of RATES) {
      const name = `HandleSessionComplete, ${perSecond} calls/s, p95`;
      const order = { url, users: USERS, pace: { perSecond }, measureMs: SECONDS * 1000 };
      figures[`p95_ms_at_${perSecond}`] = await measureLoad(name, BOUNDS.sessionMs, order);
      const floor = await runFloor({ databaseUrl, users: USERS, ...FLOOR, perSecond });
      process.stdout.write(`  hand-written SQL at ${perSecond}/s: mean ${floor.meanMs.toFixed(1)} ms\n`);
      figures[`floor_mean_ms_at_${perSecond}`] = round(floor.meanMs);
    }
    const name = `BatchHandleTriggers, ${MANY_EVENTS} events of one athlete, p95`;
    figures.one_athlete_batch_p95_ms = await measureLoad(name, BOUNDS.manyMs, {
      ...oneAthlete(url),
      method: 'BatchHandleTriggers',
      eventsPerCall: MANY_EVENTS,
    });
  });
  return figures;
}

async function measureManyLifts(): Promise<Figures> {
  const figures: Figures = {};
  await withServedAthletes({ users: USERS, lifts: MANY_LIFTS }, async ({ url, databaseUrl }) => {
    await warmUp(url, databaseUrl);
    const name = `HandleSessionComplete, ${MANY_LIFTS} lifts with a rule each, p95`;
    figures.many_lifts_p95_ms = await measureLoad(name, BOUNDS.manyMs, {
      ...oneAthlete(url),
      lifts: MANY_LIFTS,
    });
  });
  return figures;
}

function oneAthlete(url: string) {
  return { url, users: 1, measureMs: 60_000, mostCalls: CALLS };
}

/** Warms up: code is compiled, and the tables have statistics, before the measurement. */
async function warmUp(url: string, databaseUrl: string): Promise<void> {
  await runLoad({ url, users: USERS, pace: { inFlight: IN_FLIGHT }, warmUpMs: 0, measureMs: 5_000 });
  await analyze(databaseUrl);
}

/** The p95 in milliseconds. */
async function measureLoad(
  name: string,
  boundMs: number,
  order: Parameters<typeof runLoad>[0] & Partial<LoadOrder>,
): Promise<number> {
  const { p50Ms, p95Ms, p99Ms, calls, failed } = await runLoad(order);
  const rest = `p50 ${p50Ms.toFixed(1)}  p99 ${p99Ms.toFixed(1)} ms  ${calls} calls`;
  reportBounded(name, p95Ms, boundMs, 'ms', failed > 0 ? `${rest}  ${failed} FAILED` : rest);
  return round(p95Ms);
}

/** From the start of the process to its ready line, with its own PostgreSQL on an existing directory. */
async function measureStarts(): Promise<Figures> {
  const directory = mkdtempSync(join(tmpdir(), 'progression-bench-'));
  const timesMs: number[] = [];
  try {
    // The first start creates the directory.
    for (let n = 0; n <= STARTS; n += 1) {
      const beganMs = performance.now();
      const server = await startServer({ DATABASE_URL: '', DATA_DIR: directory });
      timesMs.push(performance.now() - beganMs);
      await server.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const [first = Number.NaN, ...others] = timesMs;
  const slowest = Math.max(...others);
  const each = others.map((ms) => Math.round(ms));
  const rest = `each ${each.join(', ')}; on an empty directory ${Math.round(first)} ms`;
  reportBounded(`start to ready, slowest of ${STARTS}`, slowest, BOUNDS.startMs, 'ms', rest);
  return { start_ms: each, first_start_ms: Math.round(first) };
}

async function measureMemory(): Promise<Figures> {
  let samples: MemorySample[] = [];
  let perSecond = 0;
  let failed = 0;
  const port = await findFreePort();
  const forMs = MINUTES * 60_000;
  const environment = { METRICS_PORT: `${port}` };
  await withServedAthletes({ users: USERS, environment }, async ({ url, processId }) => {
    let isOver = false;
    const order = { url, users: USERS, pace: { inFlight: IN_FLIGHT }, warmUpMs: 0, measureMs: forMs };
    const load = runLoad(order).finally(() => {
      isOver = true;
    });
    const everyMs = Math.min(SAMPLE_MS, forMs / SAMPLES_AT_LEAST);
    const metricsUrl = `http://127.0.0.1:${port}/metrics`;
    const sampling = sampleMemory(processId, metricsUrl, everyMs, () => isOver);
    [samples, { eventsPerSecond: perSecond, failed }] = await Promise.all([sampling, load]);
  });
  return reportMemory(samples, perSecond, failed);
}

function reportMemory(samples: readonly MemorySample[], perSecond: number, failed: number): Figures {
  const warmUpMinutes = Math.min(1, MINUTES / 10);
  const warm = samples.filter(({ minutes }) => minutes >= warmUpMinutes);
  const third = Math.floor(samples.length / 3);
  const residentMb = samples.map((sample) => sample.residentMb);
  const second = mean(residentMb.slice(third, 2 * third));
  const last = mean(residentMb.slice(2 * third));
  const driftPercent = Math.abs(last / second - 1) * 100;
  const slope = slopeOf(warm);
  const [first, end] = [warm[0], samples.at(-1)];
  const load = `${MINUTES} min at ${IN_FLIGHT} in flight, ${perSecond.toFixed(0)} events/s`;
  const failures = failed > 0 ? `  ${failed} FAILED` : '';
  process.stdout.write(`memory, ${load}${failures}\n`);
  for (const { minutes, residentMb, heapMb } of samples) {
    const figures = `resident ${residentMb.toFixed(0)} MB  heap ${heapMb.toFixed(0)} MB`;
    process.stdout.write(`  ${minutes.toFixed(2).padStart(6)} min   ${figures}\n`);
  }
  const rest = `${second.toFixed(0)} then ${last.toFixed(0)} MB resident; ${slope.toFixed(2)} MB a minute`;
  const verdict = driftPercent <= FLAT_WITHIN_PERCENT ? 'flat' : 'NOT FLAT';
  reportBounded(`memory, last third from second: ${verdict}`, driftPercent, FLAT_WITHIN_PERCENT, '%', rest);
  return {
    rss_mb_warm: round(first?.residentMb ?? Number.NaN),
    rss_mb_end: round(end?.residentMb ?? Number.NaN),
    rss_mb_per_minute: round(slope),
    rss_mb_thirds: [round(second), round(last)],
    heap_mb_end: round(end?.heapMb ?? Number.NaN),
    is_flat: driftPercent <= FLAT_WITHIN_PERCENT,
    memory_events_per_second: Math.round(perSecond),
  };
}
