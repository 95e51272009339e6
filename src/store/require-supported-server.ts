/** Refuses to start on a server that the service cannot work with. */
import { sql } from 'kysely';
import { StartError } from '../errors/start-error.ts';
import type { Database } from './database.ts';

/** `nulls not distinct` came with 15. */
const OLDEST_SERVER_VERSION = 150_000;

interface ServerRow {
  readonly version: string;
  readonly encoding: string;
  readonly is_standby: boolean;
  readonly transaction_read_only: string;
}

/**
 * Throws StartError, in one line that names `place`, when the server cannot be reached, is too old, is read-only, or
 * when the database is not in UTF-8.
 */
export async function requireSupportedServer(database: Database, place: string): Promise<void> {
  const server = await askServer(database, place);
  const version = Number(server?.version);
  if (version < OLDEST_SERVER_VERSION) {
    const major = Math.trunc(version / 10_000);
    throw new StartError(`the database at ${place} is PostgreSQL ${major}; 15 or newer is needed`);
  }
  if (server?.encoding !== 'UTF8') {
    throw new StartError(`the database at ${place} has the encoding ${server?.encoding}; UTF8 is needed`);
  }
  if (server.is_standby) {
    throw new StartError(
      `the database at ${place} is read-only: the server is a standby; name its primary, ` +
        'or all of its servers and target_session_attrs=read-write',
    );
  }
  if (server.transaction_read_only !== 'off') {
    throw new StartError(`the database at ${place} is read-only: default_transaction_read_only is on`);
  }
}

async function askServer(database: Database, place: string): Promise<ServerRow | undefined> {
  try {
    const { rows } = await sql<ServerRow>`
      select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding,
        pg_is_in_recovery() as is_standby, current_setting('transaction_read_only') as transaction_read_only
    `.execute(database.orm.em.fork().getKysely());
    return rows[0];
  } catch (error) {
    throw new StartError(`cannot use the database at ${place}: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return (message || code || 'no reason given').replace(/\s+/g, ' ');
}
