/** Refuses to start on a PostgreSQL that is too old, or on which row-level security would not apply. */
import { sql } from 'kysely';
import { StartError } from '../errors/start-error.ts';
import { type Cluster, readCluster } from './cluster.ts';
import type { Database, Transaction } from './database.ts';
import { APPLICATION_ROLE, WORKER_ROLE } from './enter-account.ts';

/** `nulls not distinct` came with 15. */
const OLDEST_SERVER_VERSION = 150_000;

interface ServerRow {
  readonly version: string;
  readonly encoding: string;
  readonly is_standby: boolean;
  readonly transaction_read_only: string;
}

/**
 * Throws StartError, in one line that names `place`, when the server cannot be reached, is too old, is read-only, is a node
 * of a Citus cluster that is not its coordinator, or when the database is not in UTF-8.
 */
export async function requireSupportedServer(database: Database, place: string): Promise<Cluster> {
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
  const cluster = await readCluster(database);
  if (cluster.exists && !cluster.isCoordinator) {
    throw new StartError(`the database at ${place} is a node of a Citus cluster; name its coordinator`);
  }
  return cluster;
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
