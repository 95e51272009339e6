/** Faults of a PostgreSQL that keeps running: locks, rewritten tables, and settings that end statements. */
import { setTimeout as delay } from 'node:timers/promises';
import { ask, withClient } from './ask-database.ts';

/** Tables that every call or every worker needs. */
const HOT_TABLES = [
  ...[
    'users',
    'requests',
    'enrollments',
    'lift_maxes',
    'progression_logs',
    'logged_sets',
    'failure_counters',
  ],
  ...['outbox', 'events', 'workflow_enrollments'],
] as const;
/** Several deadlines of a call. */
const LOCK_MS = 20_000;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * As a change of the schema, or a maintenance tool that takes too long. Each table has a session of its own that locks it as
 * soon as it can: one session for all would be in a deadlock with transactions that have one table and wait for another.
 */
export async function lockHotTables(url: string): Promise<void> {
  const untilMs = performance.now() + LOCK_MS;
  await Promise.all(HOT_TABLES.map((table) => lockTable(url, table, untilMs)));
}

async function lockTable(url: string, table: string, untilMs: number): Promise<void> {
  const leftMs = () => Math.max(1, Math.ceil(untilMs - performance.now()));
  await withClient(url, async (client) => {
    await client.query('begin');
    await client.query(`set local lock_timeout = ${leftMs()}`);
    try {
      await client.query(`lock table ${table} in access exclusive mode`);
      await delay(leftMs());
    } catch (error) {
      if ((error as { readonly code?: string }).code !== LOCK_NOT_AVAILABLE) {
        throw error;
      }
    }
    await client.query('rollback');
  });
}

/** Writes the tables anew, each under a lock that nothing passes. */
export async function rewriteHotTables(url: string): Promise<void> {
  await ask(url, `vacuum (full) ${HOT_TABLES.join(', ')}`);
}

/** Sets a setting of the server for `durationMs`; sessions have it from their next statement on. */
export async function setForAWhile(
  url: string,
  setting: string,
  value: string,
  durationMs: number,
): Promise<void> {
  await ask(url, `alter system set ${setting} = ${value}`);
  await ask(url, 'select pg_reload_conf()');
  await delay(durationMs);
  await ask(url, `alter system reset ${setting}`);
  await ask(url, 'select pg_reload_conf()');
}
