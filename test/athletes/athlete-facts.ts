/** The facts about an account's athletes, in order. */
import { sql } from 'kysely';
import type { Database } from '../../src/store/database.ts';
import type { Fact } from '../../src/store/entities/outbox-entry.ts';
import type { CatalogClient } from '../support/catalog-client.ts';

/** The facts about an athlete, as type, data and, where there is one, the state before. */
export async function factsAbout(
  database: Database,
  { accountId }: Pick<CatalogClient, 'accountId'>,
  userId: string,
): Promise<unknown[][]> {
  const { rows } = await database.transaction(accountId, (tx) =>
    sql<{ facts: Fact[] }>`
      select facts from outbox where account_id = ${accountId} and user_id = ${userId} order by sequence`.execute(
      tx.sql,
    ),
  );
  return rows.flatMap(({ facts }) =>
    facts.map(({ type, data, previous }) => (previous ? [type, data, previous] : [type, data])),
  );
}

/** Deletes the facts so far. */
export async function forgetFacts(database: Database, { accountId }: Pick<CatalogClient, 'accountId'>) {
  await database.transaction(accountId, (tx) =>
    sql`delete from outbox where account_id = ${accountId}`.execute(tx.sql),
  );
}
