/**
 * The benchmark: the served API beside its floor, hand-written SQL under pgbench, in one run on one database. With the
 * argument `triggers` or `events`, the benchmark of those instead.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runEventBench } from './events.ts';
import { keepRowSizes } from './fixture.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import { withDatabase, withServedAthletes } from './served.ts';
import { runTriggerBench } from './triggers.ts';

const USERS = 20_000;
const WARM_UP_MS = 3_000;
const MEASURE_MS = 10_000;
const IN_FLIGHT = [1, 16, 64, 256];
const HEADLINE_IN_FLIGHT = 64;
const FLOOR_CONNECTIONS = 16;
const BATCH = { inFlight: 4, eventsPerCall: 200 };

const OTHERS: Readonly<Record<string, () => Promise<void>>> = {
  triggers: runTriggerBench,
  events: runEventBench,
};

const run = promisify(execFile);
const here = import.meta.dirname;

interface FloorResult {
  readonly eventsPerSecond: number;
  readonly meanMs: number;
}

async function main(): Promise<void> {
  const other = OTHERS[process.argv[2] ?? ''];
  if (other) {
    await other();
    return;
  }
  await requirePgbench();
  await withServedAthletes(USERS, {}, measure);
}

async function measure(url: string, databaseUrl: string): Promise<void> {
  const load = (order: Partial<LoadOrder>) =>
    runLoad({
      url,
      method: 'HandleSessionComplete',
      inFlight: 1,
      users: USERS,
      eventsPerCall: 1,
      warmUpMs: WARM_UP_MS,
      measureMs: MEASURE_MS,
      ...order,
    });
  await load({ warmUpMs: 0, measureMs: 200 });
  await withDatabase(databaseUrl, keepRowSizes);
  const floorAlone = await runFloor(databaseUrl, 1);
  report(`floor, 1 connection`, floorAlone.eventsPerSecond, `mean ${floorAlone.meanMs.toFixed(2)} ms`);
  let headline: LoadResult | undefined;
  let floor: FloorResult | undefined;
  for (const inFlight of IN_FLIGHT) {
    const result = await load({ inFlight });
    reportLoad(`unary, ${inFlight} in flight`, result);
    if (inFlight === HEADLINE_IN_FLIGHT) {
      headline = result;
      floor = await runFloor(databaseUrl, FLOOR_CONNECTIONS);
      report(
        `floor, ${FLOOR_CONNECTIONS} connections`,
        floor.eventsPerSecond,
        `mean ${floor.meanMs.toFixed(2)} ms`,
      );
    }
  }
  const batch = await load({ method: 'BatchHandleTriggers', ...BATCH });
  reportLoad(`batches of ${BATCH.eventsPerCall}, ${BATCH.inFlight} in flight`, batch);
  if (!headline || !floor) {
    throw new TypeError('the headline was not measured');
  }
  const line = {
    unary_per_second: Math.round(headline.eventsPerSecond),
    floor_per_second: Math.round(floor.eventsPerSecond),
    ratio: round(headline.eventsPerSecond / floor.eventsPerSecond),
    p50_ms: round(headline.p50Ms),
    p95_ms: round(headline.p95Ms),
    p99_ms: round(headline.p99Ms),
    batch_per_second: Math.round(batch.eventsPerSecond),
    batch_ratio: round(batch.eventsPerSecond / floor.eventsPerSecond),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function runLoad(order: LoadOrder): Promise<LoadResult> {
  const { stdout } = await run(process.execPath, [join(here, 'load.ts'), JSON.stringify(order)]);
  return JSON.parse(stdout);
}

async function runFloor(databaseUrl: string, connections: number): Promise<FloorResult> {
  const { stdout } = await run('pgbench', [
    '--no-vacuum',
    '--protocol=prepared',
    `--client=${connections}`,
    `--jobs=${Math.min(connections, 2)}`,
    `--time=${MEASURE_MS / 1000}`,
    `--define=users=${USERS}`,
    `--file=${join(here, 'floor.sql')}`,
    databaseUrl,
  ]);
  const eventsPerSecond = Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1]);
  const meanMs = Number(/^latency average = ([\d.]+) ms/m.exec(stdout)?.[1]);
  return { eventsPerSecond, meanMs };
}

async function requirePgbench(): Promise<void> {
  try {
    await run('pgbench', ['--version']);
  } catch {
    throw new Error(
      'the floor runs under pgbench, which is not on the PATH (Debian: apt-get install postgresql-contrib)',
    );
  }
}

function reportLoad(name: string, result: LoadResult): void {
  const { p50Ms, p95Ms, p99Ms, failed } = result;
  const latency = `p50 ${p50Ms.toFixed(1)}  p95 ${p95Ms.toFixed(1)}  p99 ${p99Ms.toFixed(1)} ms`;
  report(name, result.eventsPerSecond, failed > 0 ? `${latency}  ${failed} FAILED` : latency);
}

function report(name: string, eventsPerSecond: number, rest: string): void {
  process.stdout.write(`${name.padEnd(34)} ${eventsPerSecond.toFixed(0).padStart(7)} events/s   ${rest}\n`);
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
