/** The benchmark of growth: the cost of a finished session with more history, and with more athletes. */
import { sql } from 'kysely';
import { round } from './figures.ts';
import { SESSION_LIFTS } from './fixture.ts';
import { keepRowSizes, requirePgbench, runFloor } from './floor.ts';
import { fillHistory } from './history.ts';
import type { LoadOrder } from './load.ts';
import { measurePages, type PageFigures } from './pages.ts';
import { findPostmaster, readProcessorTime } from './processor-time.ts';
import { runLoad } from './run-load.ts';
import { analyze, type Served, withDatabase, withServedAthletes } from './served.ts';

/** Sizes of progression_logs. The argument limits them, and the athletes to a tenth of it. */
const LARGEST = Number(process.argv[3] || 10_000_000);
const SECONDS = Number(process.argv[4] || 10);
const ROWS = [1_000, 100_000, 1_000_000, 10_000_000].filter((rows) => rows <= LARGEST);
const ATHLETES = [1_000, 10_000, 100_000, 1_000_000].filter((athletes) => athletes <= LARGEST / 10);
const ATHLETES_WITH_HISTORY = 20_000;
const ROWS_BESIDE_ATHLETES = Math.min(100_000, LARGEST);
/** Log rows of the athlete whose log is read with the largest history. */
const ROWS_OF_ONE = Math.min(60_000, (ROWS.at(-1) ?? 0) / 2);
const IN_FLIGHT = 64;
const FLOOR_CONNECTIONS = 16;
/**
 * A prime: visits distant athletes, and each one once before any twice, so that no page is cached by the call before.
 */
const STRIDE = 618_041;

interface Size {
  readonly rows: number;
  /** Athletes whose sessions are reported; there is one more, whose log is read. */
  readonly athletes: number;
  readonly rowsOfOne: number;
}

/** The cost of one event at a size. */
interface Point {
  readonly rows: number;
  readonly athletes: number;
  readonly fillSeconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly aloneP50Ms: number;
  /** Processor time per event. */
  readonly serviceMs: number;
  readonly postgresMs: number;
  /** Write-ahead log per event. */
  readonly walKb: number;
  readonly floorPerSecond: number;
  readonly floorPostgresMs: number;
  readonly floorWalKb: number;
  /** Events per second, as a ratio to the floor's. */
  readonly ofFloor: number;
  readonly failed: number;
}

/** Prints one line per size, each figure with its ratio to the first size, and at the end all of them as JSON. */
export async function runGrowthBench(): Promise<void> {
  await requirePgbench();
  let pages: PageFigures | undefined;
  const history: Point[] = [];
  process.stdout.write(`history grows, ${ATHLETES_WITH_HISTORY} athletes\n`);
  for (const rows of ROWS) {
    const isLargest = rows === ROWS.at(-1);
    const size = { rows, athletes: ATHLETES_WITH_HISTORY, rowsOfOne: isLargest ? ROWS_OF_ONE : 0 };
    await withHistory(size, async (served, fillSeconds) => {
      history.push(await measureSize(served, size, fillSeconds));
      reportPoint(`${rows} rows`, history);
      pages = isLargest ? await measurePages(served.url, size.athletes + 1) : undefined;
    });
  }
  const athletes: Point[] = [];
  process.stdout.write(`athletes grow, ${ROWS_BESIDE_ATHLETES} rows\n`);
  for (const number of ATHLETES) {
    const size = { rows: ROWS_BESIDE_ATHLETES, athletes: number, rowsOfOne: 0 };
    await withHistory(size, async (served, fillSeconds) => {
      athletes.push(await measureSize(served, size, fillSeconds));
    });
    reportPoint(`${number} athletes`, athletes);
  }
  const figures = { history: history.map(toJson), athletes: athletes.map(toJson), pages };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

/** Evaluation is measured by another benchmark: here the outbox fills, and no worker empties it. */
async function withHistory(
  { athletes, rows, rowsOfOne }: Size,
  measure: (served: Served, fillSeconds: number) => Promise<void>,
): Promise<void> {
  const withoutWorkers = { users: athletes + 1, environment: { AUTOMATION_WORKERS: 'off' } };
  await withServedAthletes(withoutWorkers, async (served) => {
    await keepRowSizes(served, athletes);
    const startedMs = performance.now();
    await withDatabase(served.databaseUrl, (database) =>
      fillHistory(database, [
        { firstAthlete: 1, athletes, sessions: Math.ceil((rows - rowsOfOne) / SESSION_LIFTS) },
        { firstAthlete: athletes + 1, athletes: 1, sessions: Math.ceil(rowsOfOne / SESSION_LIFTS) },
      ]),
    );
    await measure(served, (performance.now() - startedMs) / 1000);
  });
}

async function measureSize(served: Served, size: Size, fillSeconds: number): Promise<Point> {
  const { url, databaseUrl, processId } = served;
  const { rows, athletes } = size;
  const measureMs = SECONDS * 1000;
  const load = (order: Partial<LoadOrder>) =>
    runLoad({ url, users: athletes, stride: STRIDE, measureMs, ...order });
  const full = { pace: { inFlight: IN_FLIGHT }, warmUpMs: 1_000 };
  const floor = { databaseUrl, users: athletes, connections: FLOOR_CONNECTIONS, seconds: SECONDS };
  await load(full);
  // The outbox was empty when the tables were analyzed.
  await analyze(databaseUrl);
  const ofService = await countUsage(databaseUrl, processId, () => load(full));
  const alone = await load({ warmUpMs: 1_000 });
  const ofFloor = await countUsage(databaseUrl, processId, () => runFloor(floor));
  return {
    ...{ rows, athletes, fillSeconds },
    perSecond: ofService.result.eventsPerSecond,
    p50Ms: ofService.result.p50Ms,
    p95Ms: ofService.result.p95Ms,
    aloneP50Ms: alone.p50Ms,
    serviceMs: ofService.serviceMs,
    postgresMs: ofService.postgresMs,
    walKb: ofService.walKb,
    floorPerSecond: ofFloor.result.eventsPerSecond,
    floorPostgresMs: ofFloor.postgresMs,
    floorWalKb: ofFloor.walKb,
    ofFloor: ofService.result.eventsPerSecond / ofFloor.result.eventsPerSecond,
    failed: ofService.result.failed + alone.failed,
  };
}

/** The cost of each event of `work`, right after a checkpoint, when pages are logged as a whole. */
async function countUsage<T extends { readonly events: number }>(
  databaseUrl: string,
  serviceId: number,
  work: () => Promise<T>,
) {
  return withDatabase(databaseUrl, async (database) => {
    const db = database.orm.em.fork().getKysely();
    const postmasterId = await findPostmaster(database);
    const readWal = async () => {
      const { rows } = await sql<{ bytes: string }>`
        select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as bytes`.execute(db);
      return Number(rows[0]?.bytes);
    };
    await sql`checkpoint`.execute(db);
    const walBefore = await readWal();
    const before = readProcessorTime(serviceId, postmasterId);
    const result = await work();
    const after = readProcessorTime(serviceId, postmasterId);
    const walBytes = (await readWal()) - walBefore;
    return {
      result,
      serviceMs: (after.serviceMs - before.serviceMs) / result.events,
      postgresMs: (after.postgresMs - before.postgresMs) / result.events,
      walKb: walBytes / 1024 / result.events,
    };
  });
}

function reportPoint(name: string, points: readonly Point[]): void {
  const [first, point] = [points[0], points.at(-1)];
  if (!first || !point) {
    return;
  }
  const figure = (key: keyof Point, digits: number) =>
    `${point[key].toFixed(digits)} (${(point[key] / first[key]).toFixed(2)})`;
  const parts = [
    `${figure('perSecond', 0)} events/s`,
    `p50 ${figure('p50Ms', 1)}  p95 ${figure('p95Ms', 1)}  alone p50 ${figure('aloneP50Ms', 2)} ms`,
    `processor: service ${figure('serviceMs', 3)}  PostgreSQL ${figure('postgresMs', 3)} ms`,
    `WAL ${figure('walKb', 1)} KiB`,
    `floor ${figure('floorPerSecond', 0)} events/s  ${figure('floorPostgresMs', 3)} ms  WAL ${figure('floorWalKb', 1)} KiB`,
    `of the floor ${figure('ofFloor', 2)}`,
    `filled in ${point.fillSeconds.toFixed(0)} s`,
    ...(point.failed > 0 ? [`${point.failed} FAILED`] : []),
  ];
  process.stdout.write(`${name.padEnd(18)} ${parts.join('   ')}\n`);
}

function toJson(point: Point) {
  return {
    rows: point.rows,
    athletes: point.athletes,
    per_second: Math.round(point.perSecond),
    p50_ms: round(point.p50Ms),
    p95_ms: round(point.p95Ms),
    alone_p50_ms: round(point.aloneP50Ms),
    service_cpu_ms: round(point.serviceMs, 3),
    postgres_cpu_ms: round(point.postgresMs, 3),
    wal_kb: round(point.walKb, 1),
    floor_per_second: Math.round(point.floorPerSecond),
    floor_cpu_ms: round(point.floorPostgresMs, 3),
    floor_wal_kb: round(point.floorWalKb, 1),
    ratio: round(point.ofFloor),
    failed: point.failed,
    fill_s: round(point.fillSeconds, 1),
  };
}
