/**
 * The benchmark: the served API compared with its floor, hand-written SQL under pgbench, in one run on one database. The
 * argument `triggers`, `events`, `growth`, `pages`, `steady`, `reads`, `neighbours`, `memory`, `fast-path`, `peers` or
 * `processes` selects another one.
 */
import { runEventBench } from './events.ts';
import { runFastPathBench } from './fast-path.ts';
import { percentile, round } from './figures.ts';
import { type FloorResult, keepRowSizes, requirePgbench, runFloor } from './floor.ts';
import { runGrowthBench } from './growth.ts';
import type { LoadOrder, LoadResult } from './load.ts';
import { runNeighboursBench } from './neighbours.ts';
import { runPagesBench } from './pages.ts';
import { runPeersBench } from './peers.ts';
import { runProcessesBench } from './processes.ts';
import { runReadsBench } from './reads.ts';
import { runLoad } from './run-load.ts';
import { analyze, type Served, withServedAthletes } from './served.ts';
import { runSmallHeapBench } from './small-heap.ts';
import { runSteadyBench } from './steady.ts';
import { runTriggerBench } from './triggers.ts';

const USERS = 20_000;
const IN_FLIGHT = [16, 256];
const HEADLINE_IN_FLIGHT = 64;
const FLOOR_CONNECTIONS = 16;
const WARM_UP_MS = 3_000;
const BATCH = { pace: { inFlight: 4 }, eventsPerCall: 200 };
/** The speed of a shared machine varies, so the two are measured by turns, and the median of the turns counts. */
const TURNS = 5;
const TURN_SECONDS = 5;

const OTHERS: Readonly<Record<string, () => Promise<void>>> = {
  triggers: runTriggerBench,
  events: runEventBench,
  growth: runGrowthBench,
  pages: runPagesBench,
  steady: runSteadyBench,
  reads: runReadsBench,
  neighbours: runNeighboursBench,
  memory: runSmallHeapBench,
  'fast-path': runFastPathBench,
  peers: runPeersBench,
  processes: runProcessesBench,
};

async function main(): Promise<void> {
  const other = OTHERS[process.argv[2] ?? ''];
  if (other) {
    await other();
    return;
  }
  await requirePgbench();
  // Evaluation writes rows that the floor does not, so both are measured again while it runs.
  for (const workers of ['off', 'on']) {
    process.stdout.write(`\nevents are ${workers === 'on' ? 'evaluated meanwhile' : 'left in the outbox'}\n`);
    const environment = { AUTOMATION_WORKERS: workers };
    await withServedAthletes({ users: USERS, environment }, (served) => measure(served, workers));
  }
}

async function measure(served: Served, workers: string): Promise<void> {
  const { url, databaseUrl } = served;
  const load = (order: Partial<LoadOrder>) => runLoad({ url, users: USERS, ...order });
  const headlineLoad = { pace: { inFlight: HEADLINE_IN_FLIGHT } };
  const floor = (connections: number) =>
    runFloor({ databaseUrl, users: USERS, seconds: TURN_SECONDS, connections });
  await keepRowSizes(served, USERS);
  await load({ ...headlineLoad, warmUpMs: 0, measureMs: WARM_UP_MS });
  await analyze(databaseUrl);
  for (const inFlight of IN_FLIGHT) {
    reportLoad(`unary, ${inFlight} in flight`, await load({ pace: { inFlight } }));
  }
  const turns: Turn[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const measured = { warmUpMs: 0, measureMs: TURN_SECONDS * 1000 };
    turns.push({
      unary: await load({ ...headlineLoad, ...measured }),
      floor: await floor(FLOOR_CONNECTIONS),
      batch: await load({ method: 'BatchHandleTriggers', ...BATCH, ...measured }),
      crowded: await floor(HEADLINE_IN_FLIGHT),
      alone: await load(measured),
      floorAlone: await floor(1),
    });
    reportTurn(turns);
  }
  process.stdout.write(`${JSON.stringify({ evaluation: workers, ...figuresOf(turns) })}\n`);
}

/** All compared measurements, one after the other. */
interface Turn {
  /** The number of calls in flight of the main figure. */
  readonly unary: LoadResult;
  readonly floor: FloorResult;
  readonly batch: LoadResult;
  /** Hand-written SQL with the same number of callers. */
  readonly crowded: FloorResult;
  /** One call at a time, one connection. */
  readonly alone: LoadResult;
  readonly floorAlone: FloorResult;
}

function reportTurn(turns: readonly Turn[]): void {
  const turn = turns.at(-1);
  if (!turn) {
    return;
  }
  const { unary, floor, batch, crowded, alone, floorAlone } = turn;
  process.stdout.write(`turn ${turns.length}\n`);
  reportLoad(`  unary, ${HEADLINE_IN_FLIGHT} in flight`, unary);
  reportFloor(FLOOR_CONNECTIONS, floor);
  reportLoad(`  batches of ${BATCH.eventsPerCall}, ${BATCH.pace.inFlight} in flight`, batch);
  reportFloor(HEADLINE_IN_FLIGHT, crowded);
  reportLoad('  unary, 1 in flight', alone);
  reportFloor(1, floorAlone);
}

/** The median of the turns, for ratios and figures. */
function figuresOf(turns: readonly Turn[]) {
  const middle = (figure: (turn: Turn) => number) => round(percentile(turns.map(figure), 0.5));
  return {
    ratio: middle(({ unary, floor }) => unary.eventsPerSecond / floor.eventsPerSecond),
    batch_ratio: middle(({ batch, floor }) => batch.eventsPerSecond / floor.eventsPerSecond),
    latency_ratio: middle(({ alone, floorAlone }) => alone.p50Ms / floorAlone.meanMs),
    unary_per_second: middle(({ unary }) => unary.eventsPerSecond),
    floor_per_second: middle(({ floor }) => floor.eventsPerSecond),
    batch_per_second: middle(({ batch }) => batch.eventsPerSecond),
    p50_ms: middle(({ unary }) => unary.p50Ms),
    p95_ms: middle(({ unary }) => unary.p95Ms),
    p99_ms: middle(({ unary }) => unary.p99Ms),
    crowded_floor_mean_ms: middle(({ crowded }) => crowded.meanMs),
    alone_p50_ms: middle(({ alone }) => alone.p50Ms),
    failed: turns.reduce(
      (sum, { unary, batch, alone }) => sum + unary.failed + batch.failed + alone.failed,
      0,
    ),
  };
}

function reportFloor(connections: number, { eventsPerSecond, meanMs }: FloorResult): void {
  const name = `  floor, ${connections} connection${connections === 1 ? '' : 's'}`;
  report(name, eventsPerSecond, `mean ${meanMs.toFixed(2)} ms`);
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
