/** Holds an athlete's row as a slow transaction of another process would. */
import { sql } from 'kysely';
import type { Database } from '../../src/store/database.ts';

/** Resolves when the row is locked, with a function that releases it. */
export async function holdUser(
  database: Database,
  accountId: string,
  userId: string,
): Promise<() => Promise<void>> {
  const held = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const transaction = database.transaction(accountId, async (tx) => {
    await sql`select 1 from users where account_id = ${accountId} and id = ${userId} for update`.execute(
      tx.sql,
    );
    held.resolve();
    await released.promise;
  });
  await Promise.race([held.promise, transaction]);
  return async () => {
    released.resolve();
    await transaction;
  };
}
