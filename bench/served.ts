/** A database filled for the benchmark, and the service on it in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sql } from 'kysely';
import { readConfig } from '../src/config.ts';
import { openDatabase } from '../src/store/database.ts';
import { startEmbeddedPostgres } from '../src/store/embedded-postgres.ts';
import { migrate } from '../src/store/migrate.ts';
import { fillDatabase } from './fixture.ts';

/** Runs `measure` against a service with so many athletes; leaves nothing behind. */
export async function withServedAthletes(
  users: number,
  environment: Readonly<Record<string, string>>,
  measure: (url: string, databaseUrl: string) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'progression-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir: directory, log: () => {} });
  try {
    await prepare(postgres.url, users);
    const server = await startServer(postgres.url, environment);
    try {
      await measure(server.url, postgres.url);
    } finally {
      server.process.kill('SIGTERM');
      await once(server.process, 'exit');
    }
  } finally {
    await postgres.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function prepare(url: string, users: number): Promise<void> {
  await withDatabase(url, async (database) => {
    await migrate(database);
    await fillDatabase(database, users);
    // Not the empty tables: PostgreSQL would plan for empty ones until it looks again.
    await sql`analyze users, enrollments, lifts, programs, program_progressions, progressions, lift_maxes`.execute(
      database.orm.em.fork().getKysely(),
    );
  });
}

/**
 * What autovacuum does within a minute of rows in tables that were empty: what PostgreSQL planned for empty ones is
 * slow by then, and differs from run to run.
 */
export async function analyze(url: string): Promise<void> {
  await withDatabase(url, async (database) => {
    await sql`analyze`.execute(database.orm.em.fork().getKysely());
  });
}

/** Opens the database for as long as `work` takes. */
export async function withDatabase(
  url: string,
  work: (database: ReturnType<typeof openDatabase>) => Promise<void>,
): Promise<void> {
  const { databaseConnections, connectionWaitMs } = readConfig().limits;
  const database = openDatabase(url, { connections: databaseConnections, connectionWaitMs });
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

async function startServer(
  databaseUrl: string,
  environment: Readonly<Record<string, string>>,
): Promise<{ url: string; process: ChildProcess }> {
  const own = { DATABASE_URL: databaseUrl, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'error' };
  const child = spawn(process.execPath, [join(import.meta.dirname, '../src/main.ts'), 'serve'], {
    env: { ...process.env, ...own, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^ready on (\S+)/.exec(line)?.[1];
    if (url) {
      return { url, process: child };
    }
  }
  throw new Error('the server did not start');
}
