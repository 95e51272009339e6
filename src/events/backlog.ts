/** What waits, of all accounts: how much, and for how long. */
import { sql } from 'kysely';
import type { Database } from '../store/database.ts';

export interface Backlog {
  /** Entries of the outbox that wait to be evaluated. */
  readonly toEvaluate: number;
  /** Those that wait to be relayed; null: there is no bus to relay them to. */
  readonly toRelay: number | null;
  /** How long the oldest one has waited to be evaluated. */
  readonly oldestMs: number;
  /** How long time triggers, and steps of workflows, have been due. */
  readonly scheduleLateMs: number;
  readonly stepsLateMs: number;
  /** Dead letters that somebody may still have to do something about. */
  readonly retrying: number;
  readonly dead: number;
}

/** Rows are only counted so far: beyond that, it is too many in any case. */
const MOST = 100_000;

/** By the database's clock. */
export async function readBacklog(
  database: Database,
  { isRelayed }: { readonly isRelayed: boolean },
): Promise<Backlog> {
  return database.acrossAccounts(async (db) => {
    const since = (at: ReturnType<typeof sql>) =>
      sql`coalesce(greatest(0, extract(epoch from now() - (${at}))), 0)::float8 * 1000`;
    const upTo = (from: ReturnType<typeof sql>) =>
      sql`(select count(*)::int from (select ${from} limit ${MOST}) c)`;
    const { rows } = await sql<Backlog>`
      select
        ${upTo(sql`from outbox where evaluated_at is null`)} as "toEvaluate",
        ${isRelayed ? upTo(sql`from outbox where relayed_at is null`) : sql`null`} as "toRelay",
        ${since(sql`select min(recorded_at) from outbox where evaluated_at is null`)} as "oldestMs",
        ${since(sql`select min(due_at) from time_cursors`)} as "scheduleLateMs",
        ${since(sql`select min(due_at) from workflow_enrollments where due_at is not null and state <> 'QUEUED'`)}
          as "stepsLateMs",
        ${upTo(sql`from dead_letters where state = 'RETRYING'`)} as retrying,
        ${upTo(sql`from dead_letters where state = 'DEAD'`)} as dead`.execute(db);
    const [backlog] = rows;
    if (!backlog) {
      throw new TypeError('PostgreSQL answered with no row');
    }
    return backlog;
  });
}
