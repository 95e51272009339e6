/** Statements of a test to a PostgreSQL, each on a connection of its own. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** Faults set time limits for every session; these must end all the same. */
const UNLIMITED = '-c statement_timeout=0 -c transaction_timeout=0 -c idle_in_transaction_session_timeout=0';
const POLL_MS = 20;

/** The result of `work`, whose connection is closed behind it. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, options: UNLIMITED });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The first column of the first row. */
export function ask(url: string, statement: string): Promise<unknown> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<unknown[]>({ text: statement, rowMode: 'array' });
    return rows[0]?.[0];
  });
}

export async function until(url: string, condition: string): Promise<void> {
  while ((await ask(url, condition)) !== true) {
    await delay(POLL_MS);
  }
}
