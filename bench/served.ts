/** A database filled for the benchmark, and the service on it in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sql } from 'kysely';
import { readConfig } from '../src/config/config.ts';
import { openDatabase } from '../src/store/database.ts';
import { startEmbeddedPostgres } from '../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../src/store/migrate.ts';
import { fillDatabase, SESSION_LIFTS } from './fixture.ts';

/** The service to measure, and its data. */
export interface ServedOptions {
  readonly users: number;
  /** The lifts of each athlete, with a rule each; absent: SESSION_LIFTS. */
  readonly lifts?: number;
  /** Environment variables of the service, in addition to those of the benchmark. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A service to measure. */
export interface Served {
  readonly url: string;
  readonly databaseUrl: string;
  /** The id of the service's process. */
  readonly processId: number;
}

/** Runs `measure` against a service with this number of athletes, and removes its data afterwards. */
export async function withServedAthletes(
  { users, lifts = SESSION_LIFTS, environment }: ServedOptions,
  measure: (served: Served) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'progression-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir: directory, log: () => {} });
  try {
    await prepare(postgres.url, users, lifts);
    const server = await startServer({ DATABASE_URL: postgres.url, ...environment });
    try {
      await measure({ url: server.url, databaseUrl: postgres.url, processId: server.processId });
    } finally {
      await server.stop();
    }
  } finally {
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function prepare(url: string, users: number, lifts: number): Promise<void> {
  await withDatabase(url, async (database) => {
    await migrate(database);
    await fillDatabase(database, users, lifts);
    // With statistics of filled tables, because PostgreSQL would plan for empty ones until the next analyze.
    await sql`analyze users, enrollments, lifts, programs, program_progressions, progressions, lift_maxes`.execute(
      database.orm.em.fork().getKysely(),
    );
  });
}

/**
 * Does what autovacuum does within a minute after rows were added to empty tables. Plans that PostgreSQL made for empty
 * tables would be slow, and would differ from run to run.
 */
export async function analyze(url: string): Promise<void> {
  await withDatabase(url, async (database) => {
    await sql`analyze`.execute(database.orm.em.fork().getKysely());
  });
}

/** Opens the database for as long as `work` takes. */
export async function withDatabase<T>(
  url: string,
  work: (database: ReturnType<typeof openDatabase>) => Promise<T>,
): Promise<T> {
  const { databaseConnections, connectionWaitMs } = readConfig().limits;
  const database = openDatabase(url, { connections: databaseConnections, connectionWaitMs });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** A process of the service that is ready. */
export interface RunningService {
  readonly url: string;
  readonly processId: number;
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
}

/** Starts the service on any port of this machine; resolves when it says that it is ready. */
export function startServer(environment: Readonly<Record<string, string>>): Promise<RunningService> {
  const own = { PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'error' };
  const main = join(import.meta.dirname, '../src/main.ts');
  return startProcess(process.execPath, [main, 'serve'], { ...own, ...environment });
}

/** Starts a process that says `ready on <url>`. */
export async function startProcess(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<RunningService> {
  const child = spawn(command, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^ready on (\S+)/.exec(line)?.[1];
    if (url && child.pid) {
      return {
        url,
        processId: child.pid,
        async stop() {
          child.kill('SIGTERM');
          await ended;
        },
      };
    }
  }
  throw new Error('the server did not start');
}
