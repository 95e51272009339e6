/** Writes years of training as the service would have: log rows, the lift maxes that they made, the ledger. */
import { type Kysely, sql } from 'kysely';
import type { Database } from '../src/store/database.ts';
import { ACCOUNT_ID, asOwner, liftIds, progressionIds, SESSION_LIFTS, skipForeignKeys } from './fixture.ts';

/** Athletes by number, and the number of their earlier sessions together, which they finished in turn. */
export interface PastSessions {
  readonly firstAthlete: number;
  readonly athletes: number;
  readonly sessions: number;
}

const TABLES = ['lift_maxes', 'progression_logs', 'requests'] as const;
type Table = (typeof TABLES)[number];
const SESSIONS_AT_ONCE = 50_000;
const INDEX_MEMORY = '256MB';

/**
 * Replaces the rows since `fillDatabase`; `keepRowSizes` must have run. Rows are in the order of time, one a second, with
 * ids in that order; indexes are built afterwards, because maintaining them row by row would take hours.
 */
export async function fillHistory(database: Database, past: readonly PastSessions[]): Promise<void> {
  await forgetEvents(database);
  const longest = Math.max(...past.map(({ sessions }) => sessions));
  const startedAt = new Date(Date.now() - (longest + 1) * 1000).toISOString();
  await Promise.all(TABLES.map((table) => fillTable(database, table, past, startedAt)));
  const db = database.orm.em.fork().getKysely();
  await sql`vacuum analyze`.execute(db);
  await sql`checkpoint`.execute(db);
}

async function forgetEvents(database: Database): Promise<void> {
  await asOwner(database, async (db) => {
    await skipForeignKeys(db);
    await sql`truncate progression_logs, requests, outbox`.execute(db);
    await sql`delete from lift_maxes where version > 1`.execute(db);
  });
}

async function fillTable(
  database: Database,
  table: Table,
  past: readonly PastSessions[],
  startedAt: string,
): Promise<void> {
  await asOwner(database, (db) =>
    sql`update pg_index set indisready = false, indisvalid = false where indrelid = ${table}::regclass`.execute(
      db,
    ),
  );
  for (const part of past) {
    for (let from = 0; from < part.sessions; from += SESSIONS_AT_ONCE) {
      const to = Math.min(from + SESSIONS_AT_ONCE, part.sessions) - 1;
      await asOwner(database, async (db) => {
        await skipForeignKeys(db);
        await insertRows(db, table, pastSessions(part, from, to, startedAt));
      });
    }
  }
  await asOwner(database, async (db) => {
    await sql`set local maintenance_work_mem = ${sql.lit(INDEX_MEMORY)}`.execute(db);
    await sql`reindex table ${sql.ref(table)}`.execute(db);
  });
}

/** For each session its athlete, its id, its number among the athlete's sessions from 1, and its time. */
function pastSessions({ firstAthlete, athletes }: PastSessions, from: number, to: number, startedAt: string) {
  return sql`(
    select bench_user(${firstAthlete}::int + (s % ${athletes}::int)) as user_id,
      md5(${firstAthlete}::int || '-' || s)::uuid as session_id,
      s / ${athletes}::int + 1 as nth,
      ${startedAt}::timestamptz + s * interval '1 second' as at
    from generate_series(${from}::int, ${to}::int) s
  ) as s`;
}

async function insertRows(
  db: Kysely<unknown>,
  table: Table,
  sessions: ReturnType<typeof pastSessions>,
): Promise<void> {
  const lifts = sql`unnest(${liftIds(SESSION_LIFTS)}::uuid[], ${progressionIds(SESSION_LIFTS)}::uuid[])
    as l(lift_id, progression_id)`;
  switch (table) {
    case 'lift_maxes':
      await sql`insert into lift_maxes
          (account_id, id, user_id, lift_id, max_type, version, value, source, effective_at, recorded_at)
        select ${ACCOUNT_ID}, bench_uuid(), s.user_id, l.lift_id, 'TRAINING_MAX', s.nth + 1, 100 + 2.5 * s.nth,
          'PROGRESSION', s.at, s.at
        from ${sessions}, ${lifts}`.execute(db);
      return;
    case 'progression_logs':
      await sql`insert into progression_logs
          (account_id, id, user_id, progression_id, lift_id, max_type, lift_max_version, previous_value, new_value,
           delta, trigger_type, trigger_key, trigger_context, session_id, applied_at, recorded_at)
        select ${ACCOUNT_ID}, bench_uuid(), s.user_id, l.progression_id, l.lift_id, 'TRAINING_MAX', s.nth + 1,
          97.5 + 2.5 * s.nth, 100 + 2.5 * s.nth, 2.5, 'AFTER_SESSION', 'session:' || s.session_id,
          jsonb_build_object('sessionId', s.session_id, 'daySlug', 'a', 'weekNumber', 1), s.session_id, s.at, s.at
        from ${sessions}, ${lifts}`.execute(db);
      return;
    case 'requests':
      await sql`insert into requests
          (account_id, method, request_id, fingerprint, response, user_id, trigger_type, trigger_key, detail, occurred_at,
           recorded_at)
        select ${ACCOUNT_ID}, 'HandleSessionComplete', gen_random_uuid(), z.fingerprint, z.response, s.user_id,
          'AFTER_SESSION', 'session:' || s.session_id,
          jsonb_build_object('sessionId', s.session_id, 'daySlug', 'a', 'weekNumber', 1,
            'liftsPerformed', ${JSON.stringify(liftIds(SESSION_LIFTS))}::jsonb),
          s.at, s.at
        from ${sessions}, bench_sizes z`.execute(db);
  }
}
