/** Refuses to serve where row-level security would not hold. */
import { sql } from 'kysely';
import { StartError } from '../start-error.ts';
import type { Database, Transaction } from './database.ts';
import { APPLICATION_ROLE } from './enter-account.ts';

/** Throws StartError when the database's user may not take the application role, or when that role is too strong. */
export async function requireConfinement(database: Database): Promise<void> {
  const isStrong = await database.transaction('', askForStrength).catch((error: { message?: string }) => {
    throw new StartError(
      `the database's user cannot take the role ${APPLICATION_ROLE}: ${error.message}; ` +
        `grant ${APPLICATION_ROLE} to it`,
    );
  });
  if (isStrong) {
    throw new StartError(
      `the role ${APPLICATION_ROLE} owns tables or bypasses row-level security; it must do neither`,
    );
  }
}

async function askForStrength(tx: Transaction): Promise<boolean> {
  const { rows } = await sql<{ is_strong: boolean }>`
    select rolsuper or rolbypassrls or exists (select from pg_class where relowner = r.oid) as is_strong
    from pg_roles r where rolname = current_user`.execute(tx.sql);
  return rows[0]?.is_strong ?? true;
}
