/**
 * 50 accounts call at the same time over a pool of 5 connections, and one call in ten is aborted: no account sees a row
 * of another. `npm run isolation` makes 100,000 calls; ISOLATION_CALLS and ISOLATION_SEED change the number and the seed.
 */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { readRows } from '../store/schema-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { type Findings, interleave } from './interleave.ts';
import { type PgBouncer, pgBouncerVersion, startPgBouncer } from './pg-bouncer.ts';

const CALLS = Number(process.env.ISOLATION_CALLS || 3_000);
const SEED = Number(process.env.ISOLATION_SEED || 1);
const OPTIONS = { calls: CALLS, accounts: 50, inFlight: 40, abortedShare: 0.1, seed: SEED };
const CONNECTIONS = 5;
/** A slow, busy machine makes some hundred calls in a second. */
const TIMEOUT_MS = 60_000 + CALLS * 20;

const db = useTestDatabase();

/** Rows that bear another account's mark: another account wrote to them, or forged them. */
function markedByOthers(): Promise<unknown[]> {
  return readRows(
    db.database,
    sql`select 'users' as name, account_id, name as mark from users where name <> account_id::text
        union all
        select 'programs', account_id, description from programs where description not in ('', account_id::text)`,
  );
}

async function expectIsolation(findings: Findings): Promise<void> {
  const { calls, aborted, finished, failures, foreignRows } = findings;
  const count = Object.values(finished).reduce((sum, each) => sum + each, 0);
  console.info(
    `${calls} calls: ${count} finished, ${aborted} aborted, ${failures.length} failed; ${foreignRows.length} foreign rows`,
  );
  expect(failures.slice(0, 5)).toEqual([]);
  expect(foreignRows.slice(0, 5)).toEqual([]);
  expect(count + aborted).toBe(calls);
  expect(aborted).toBeGreaterThan(calls * 0.07);
  expect(await markedByOthers()).toEqual([]);
}

test(
  `${CALLS} interleaved calls over ${CONNECTIONS} connections show and change no foreign row`,
  async () => {
    const pool = db.open({ connections: CONNECTIONS, connectionWaitMs: 30_000 });

    await expectIsolation(await interleave(db.database, pool, OPTIONS));
  },
  TIMEOUT_MS,
);

const version = pgBouncerVersion();
const isRequired = Boolean(process.env.REQUIRE_PGBOUNCER);
const title = version
  ? `through PgBouncer ${version} in transaction mode`
  : 'through PgBouncer (skipped: it is not installed)';

describe.skipIf(!version && !isRequired)(title, () => {
  let bouncer: PgBouncer;
  let pool: Database;
  beforeAll(async () => {
    bouncer = await startPgBouncer(inject('serverUrl'), CONNECTIONS);
    pool = openDatabase(bouncer.url(db.url), {
      ...{ connections: 20, connectionWaitMs: 30_000, preparedStatements: false },
    });
  });
  afterAll(async () => {
    await pool?.close();
    await bouncer?.stop();
  });

  test(
    `${CALLS} interleaved calls over ${CONNECTIONS} connections show and change no foreign row`,
    async () => {
      await expectIsolation(await interleave(db.database, pool, { ...OPTIONS, seed: SEED + 1 }));

      const behind = await readRows(
        db.database,
        sql`select from pg_stat_activity where datname = current_database() and application_name = ''
            and pid <> pg_backend_pid()`,
      );
      expect(behind.length).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});
