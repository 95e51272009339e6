/** The account's automation revision: counts the changes of its configuration, one change at a time. */
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';

/**
 * Counts a change of triggers, workflows, fields or event types, in the transaction of that change. Whoever changes
 * any of them calls this first: the row's lock, held until the transaction ends, lets one change of an account follow
 * the other, so that what is read after it stays true until the commit.
 */
export async function bumpRevision({ sql: db, accountId }: Transaction): Promise<bigint> {
  const { rows } = await sql<{ revision: string }>`
    insert into automation_revisions (account_id, revision) values (${accountId}, 1)
    on conflict (account_id) do update set revision = automation_revisions.revision + 1
    returning revision`.execute(db);
  return BigInt(rows[0]?.revision ?? 0);
}
