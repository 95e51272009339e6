/** Finds the accounts whose time triggers have something due. */
import { sql } from 'kysely';
import { type Instant, instantToText } from '../../instant.ts';
import type { Database } from '../../store/database.ts';

/** At most `limit` of them. Reads the index alone, once for each cursor that is due. */
export function findDueAccounts(database: Database, now: Instant, limit: number): Promise<string[]> {
  return database.acrossAccounts(async (db) => {
    const { rows } = await sql<{ account_id: string }>`
      select distinct account_id from time_cursors
      where due_at <= ${instantToText(now)}::timestamptz
      limit ${limit}`.execute(db);
    return rows.map((row) => row.account_id);
  });
}
