/** Compares the database with the answers to clients: each acknowledged write is stored, once. */
import { sql } from 'kysely';
import type { Database } from '../../src/store/database.ts';
import type { Athlete } from '../support/fixtures.ts';
import type { Load } from './load.ts';

export const STARTING_MAX = 100;
export const INCREMENT = 2.5;

/** One line for each athlete with a discrepancy. */
export async function findDiscrepancies(
  database: Database,
  athletes: readonly Athlete[],
  load: Pick<Load, 'sessions' | 'sets'>,
): Promise<string[]> {
  const found: string[] = [];
  for (const { accountId, userId } of athletes) {
    const sessions = load.sessions.get(userId) ?? 0;
    const expected = {
      versions: sessions + 1,
      highest_version: sessions + 1,
      current: STARTING_MAX + INCREMENT * sessions,
      applications: sessions,
      sets: load.sets.get(userId) ?? 0,
    };
    const actual = await readBooks(database, accountId, userId);
    if (JSON.stringify(actual) !== JSON.stringify(expected)) {
      found.push(`${userId}: ${JSON.stringify(actual)}, but acknowledged were ${JSON.stringify(expected)}`);
    }
  }
  return found;
}

function readBooks(database: Database, accountId: string, userId: string): Promise<object | undefined> {
  return database.transaction(accountId, async (tx) => {
    const { rows } = await sql<object>`
      select count(*)::int as versions,
        max(version)::int as highest_version,
        (array_agg(value order by version desc))[1]::float as current,
        (select count(*)::int from progression_logs where user_id = ${userId}) as applications,
        (select count(*)::int from logged_sets where user_id = ${userId}) as sets
      from lift_maxes where user_id = ${userId}`.execute(tx.sql);
    return rows[0];
  });
}
