/** Refuses to serve when row-level security would not apply. */
import { sql } from 'kysely';
import { StartError } from '../errors/start-error.ts';
import type { Database, Transaction } from './database.ts';
import { APPLICATION_ROLE, WORKER_ROLE } from './enter-account.ts';

/**
 * Throws StartError when the database's user cannot assume the service's roles, or when one of them has too
 * many rights.
 */
export async function requireConfinement(database: Database): Promise<void> {
  await requireWeakRole(
    APPLICATION_ROLE,
    database.transaction('', (tx) => askForStrength(tx.sql)),
  );
  await requireWeakRole(WORKER_ROLE, database.acrossAccounts(askForStrength));
}

async function requireWeakRole(role: string, answer: Promise<boolean>): Promise<void> {
  const isStrong = await answer.catch((error: { message?: string }) => {
    throw new StartError(
      `the database's user cannot take the role ${role}: ${error.message}; grant ${role} to it`,
    );
  });
  if (isStrong) {
    throw new StartError(`the role ${role} owns tables or bypasses row-level security; it must do neither`);
  }
}

async function askForStrength(transaction: Transaction['sql']): Promise<boolean> {
  const { rows } = await sql<{ is_strong: boolean }>`
    select rolsuper or rolbypassrls or exists (select from pg_class where relowner = r.oid) as is_strong
    from pg_roles r where rolname = current_user`.execute(transaction);
  return rows[0]?.is_strong ?? true;
}
