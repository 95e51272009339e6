/** Numbers in the order of acceptance, for changes: a cluster refuses to draw them within an update. */
import { sql } from 'kysely';
import type { Transaction } from './database.ts';

/** The next number: greater than those of everything that the transaction found. */
export async function drawAcceptanceNumber({ sql: db }: Pick<Transaction, 'sql'>): Promise<string> {
  const { rows } = await sql<{ number: string }>`select nextval('acceptance_sequence') as number`.execute(db);
  const [row] = rows;
  if (!row) {
    throw new TypeError('PostgreSQL answered with no row');
  }
  return row.number;
}
