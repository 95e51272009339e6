/** The floor: the rows of one event in hand-written SQL, under pgbench. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import type { Database } from '../src/store/database.ts';
import { ACCOUNT_ID, asOwner } from './fixture.ts';
import { runLoad } from './run-load.ts';
import { type Served, withDatabase } from './served.ts';

export interface FloorOrder {
  readonly databaseUrl: string;
  readonly users: number;
  readonly connections: number;
  readonly seconds: number;
  /** Absent: as many as possible. */
  readonly perSecond?: number;
}

export interface FloorResult {
  readonly eventsPerSecond: number;
  /** With a rate, from when a transaction was due. */
  readonly meanMs: number;
  readonly events: number;
}

/** How long events are sent until one of them is kept. */
const KEEPING_MS = 3_000;
const POLL_MS = 5;
/** How long pgbench may take to start and to stop. */
const PATIENCE_MS = 60_000;

const run = promisify(execFile);

/**
 * Keeps the rows that a served event of athletes up to `users` wrote, so that the floor writes rows of the same size.
 */
export async function keepRowSizes({ url, databaseUrl }: Served, users: number): Promise<void> {
  await withDatabase(databaseUrl, async (database) => {
    const load = runLoad({ url, users, warmUpMs: 0, measureMs: KEEPING_MS });
    await Promise.all([load, keepOne(database)]);
  });
}

/** Waits for an entry of the outbox, which workers soon delete. */
async function keepOne(database: Database): Promise<void> {
  await asOwner(database, (db) =>
    sql`create table bench_sizes (facts jsonb not null, fingerprint bytea not null, response bytea not null)`.execute(
      db,
    ),
  );
  const giveUpAtMs = performance.now() + KEEPING_MS + PATIENCE_MS;
  while (performance.now() < giveUpAtMs) {
    const { rows } = await sql`
      insert into bench_sizes
      select o.facts, r.fingerprint, r.response
      from outbox o join requests r on r.account_id = o.account_id and r.user_id = o.user_id
      where o.account_id = ${ACCOUNT_ID} limit 1
      returning 1`.execute(database.orm.em.fork().getKysely());
    if (rows.length > 0) {
      return;
    }
    await delay(POLL_MS);
  }
  throw new Error('no event left anything in the outbox');
}

export async function runFloor({
  databaseUrl,
  users,
  connections,
  seconds,
  perSecond,
}: FloorOrder): Promise<FloorResult> {
  const options = [
    '--no-vacuum',
    '--protocol=prepared',
    `--client=${connections}`,
    `--jobs=${Math.min(connections, 2)}`,
    `--time=${seconds}`,
    `--define=users=${users}`,
    ...(perSecond ? [`--rate=${perSecond}`] : []),
    `--file=${join(import.meta.dirname, 'floor.sql')}`,
    databaseUrl,
  ];
  const { stdout } = await run('pgbench', options, { timeout: seconds * 1000 + PATIENCE_MS });
  const figure = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1]);
  return {
    eventsPerSecond: figure(/^tps = ([\d.]+)/m),
    meanMs: figure(/^latency average = ([\d.]+) ms/m),
    events: figure(/^number of transactions actually processed: (\d+)/m),
  };
}

export async function requirePgbench(): Promise<void> {
  try {
    await run('pgbench', ['--version']);
  } catch {
    throw new Error(
      'the floor runs under pgbench, which is not on the PATH (Debian: apt-get install postgresql-contrib)',
    );
  }
}
