/** Processor time of an event, and of a second without calls, with one, two and three processes on one database, by turns. */
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database } from '../src/store/database.ts';
import { percentile, round } from './figures.ts';
import { findPostmaster, readProcessorTime } from './processor-time.ts';
import { runLoad } from './run-load.ts';
import { analyze, type RunningService, startServer, withDatabase, withServedAthletes } from './served.ts';

const USERS = 20_000;
const PROCESSES = 3;
/** In all: each process has its share. */
const IN_FLIGHT = 48;
const TURNS = 3;
const TURN_MS = 5_000;
const IDLE_MS = 5_000;
const POLL_MS = 200;

/** Milliseconds of all processes together and of PostgreSQL, and what the database grew by, in KiB. */
interface Cost {
  readonly serviceMs: number;
  readonly postgresMs: number;
  readonly storageKib: number;
}

type Process = Pick<RunningService, 'url' | 'processId'>;

/** What is measured, and what it runs on. */
interface Bench {
  readonly postmaster: number;
  /** Resolves when every event is evaluated, with the size of the database in KiB. */
  readonly settled: () => Promise<number>;
}

export async function runProcessesBench(): Promise<void> {
  await withServedAthletes({ users: USERS }, async (served) => {
    const { databaseUrl } = served;
    const others: RunningService[] = [];
    const all = (): readonly Process[] => [served, ...others];
    try {
      const bench: Bench = {
        postmaster: await withDatabase(databaseUrl, findPostmaster),
        settled: () => withDatabase(databaseUrl, sizeWhenEvaluated),
      };
      await costOfEvent(all(), bench);
      await analyze(databaseUrl);
      const idle = [await costOfIdleSecond(all(), bench)];
      while (all().length < PROCESSES) {
        others.push(await startServer({ DATABASE_URL: databaseUrl }));
        idle.push(await costOfIdleSecond(all(), bench));
      }
      const turns: Cost[][] = [];
      for (let turn = 0; turn < TURNS; turn += 1) {
        const costs: Cost[] = [];
        for (let count = 1; count <= PROCESSES; count += 1) {
          costs.push(await costOfEvent(all().slice(0, count), bench));
        }
        turns.push(costs);
        process.stdout.write(`turn ${turn + 1}: ${JSON.stringify(costs)}\n`);
      }
      for (let count = 1; count <= PROCESSES; count += 1) {
        report(count, turns, idle);
      }
    } finally {
      await Promise.all(others.map((each) => each.stop()));
    }
  });
}

function report(count: number, turns: readonly (readonly Cost[])[], idle: readonly Cost[]): void {
  const middle = (figure: (cost: Cost, one: Cost) => number) =>
    round(
      percentile(
        turns.map((costs) => figure(costs[count - 1] as Cost, costs[0] as Cost)),
        0.5,
      ),
    );
  const figures = {
    processes: count,
    service_ms: middle(({ serviceMs }) => serviceMs),
    postgres_ms: middle(({ postgresMs }) => postgresMs),
    storage_kib: middle(({ storageKib }) => storageKib),
    service_ratio: middle((cost, one) => cost.serviceMs / one.serviceMs),
    postgres_ratio: middle((cost, one) => cost.postgresMs / one.postgresMs),
    idle_service_ms: round(idle[count - 1]?.serviceMs ?? 0),
    idle_postgres_ms: round(idle[count - 1]?.postgresMs ?? 0),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

/** With the load spread over the processes; processes without calls run as well. */
async function costOfEvent(processes: readonly Process[], { postmaster, settled }: Bench): Promise<Cost> {
  const order = {
    pace: { inFlight: Math.floor(IN_FLIGHT / processes.length) },
    warmUpMs: 0,
    measureMs: TURN_MS,
  };
  const before = readCost(processes, postmaster, await settled());
  const results = await Promise.all(processes.map(({ url }) => runLoad({ url, users: USERS, ...order })));
  const events = results.reduce((sum, result) => sum + result.events, 0);
  const sizeKib = await settled();
  return difference(before, readCost(processes, postmaster, sizeKib), events);
}

async function costOfIdleSecond(processes: readonly Process[], { postmaster }: Bench): Promise<Cost> {
  const before = readCost(processes, postmaster, 0);
  await delay(IDLE_MS);
  return difference(before, readCost(processes, postmaster, 0), IDLE_MS / 1000);
}

async function sizeWhenEvaluated({ orm }: Database): Promise<number> {
  const look = sql<{ isWaiting: boolean; sizeKib: number }>`
    select exists (select from outbox) as "isWaiting", pg_database_size(current_database()) / 1024.0 as "sizeKib"`;
  for (;;) {
    const [row] = (await look.execute(orm.em.fork().getKysely())).rows;
    if (!row?.isWaiting) {
      return Number(row?.sizeKib);
    }
    await delay(POLL_MS);
  }
}

function readCost(processes: readonly Process[], postmaster: number, storageKib: number): Cost {
  const times = processes.map(({ processId }) => readProcessorTime(processId, postmaster));
  return {
    serviceMs: times.reduce((sum, { serviceMs }) => sum + serviceMs, 0),
    postgresMs: times[0]?.postgresMs ?? 0,
    storageKib,
  };
}

function difference(before: Cost, after: Cost, parts: number): Cost {
  return {
    serviceMs: (after.serviceMs - before.serviceMs) / parts,
    postgresMs: (after.postgresMs - before.postgresMs) / parts,
    storageKib: (after.storageKib - before.storageKib) / parts,
  };
}
