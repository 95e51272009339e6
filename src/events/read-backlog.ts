/** Reads the backlog of all accounts: how many entries wait, and how long the oldest one has waited. */
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../store/database.ts';

export interface Waiting {
  readonly entries: number;
  /** Waiting time of the oldest entry. */
  readonly oldestMs: number;
}

export interface Backlog {
  /** Outbox entries that wait to be evaluated. */
  readonly evaluation: Waiting;
  /** Outbox entries that wait to be relayed; null without an external bus. */
  readonly relay: Waiting | null;
  /** How late the most overdue time trigger or planned session, workflow step and removal of old rows are. */
  readonly scheduleLateMs: number;
  readonly stepsLateMs: number;
  readonly retentionLateMs: number;
  /** Dead letters that are not resolved or discarded. */
  readonly retrying: number;
  readonly dead: number;
}

/** Upper limit of each count, which bounds the cost of the query. */
const MOST = 100_000;

/** Measures waiting times by the database's clock. */
export async function readBacklog(
  database: Database,
  { isRelayed }: { readonly isRelayed: boolean },
): Promise<Backlog> {
  return database.acrossAccounts(async (db) => {
    const { rows } = await sql<Backlog>`
      select
        ${waitingIn(sql`outbox where evaluated_at is null`)} as evaluation,
        ${isRelayed ? waitingIn(sql`outbox where relayed_at is null`) : sql`null`} as relay,
        ${since(sql`select least((select min(due_at) from time_cursors), (select min(due_at) from planned_sessions))`)} as "scheduleLateMs",
        ${since(sql`select min(due_at) from workflow_enrollments where due_at is not null and state <> 'QUEUED'`)}
          as "stepsLateMs",
        ${since(sql`select min(due_at) from retention_policies`)} as "retentionLateMs",
        ${count(sql`dead_letters where state = 'RETRYING'`)} as retrying,
        ${count(sql`dead_letters where state = 'DEAD'`)} as dead`.execute(db);
    const [backlog] = rows;
    if (!backlog) {
      throw new TypeError('PostgreSQL answered with no row');
    }
    return backlog;
  });
}

type Fragment = RawBuilder<unknown>;

function waitingIn(rows: Fragment): Fragment {
  const oldest = since(sql`select min(recorded_at) from ${rows}`);
  return sql`json_build_object('entries', ${count(rows)}, 'oldestMs', ${oldest})`;
}

function count(rows: Fragment): Fragment {
  return sql`(select count(*)::int from (select 1 from ${rows} limit ${MOST}) counted)`;
}

function since(at: Fragment): Fragment {
  return sql`coalesce(greatest(0, extract(epoch from now() - (${at}))), 0)::float8 * 1000`;
}
