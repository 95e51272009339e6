/** The PostgreSQL that the configuration asks for: the one at DATABASE_URL, or the embedded one. */
import { sql } from 'kysely';
import type { Config } from '../config/config.ts';
import { StartError } from '../errors/start-error.ts';
import { type Database, openDatabase } from './database.ts';
import { startEmbeddedPostgres } from './embedded/embedded-postgres.ts';

export interface Store {
  readonly database: Database;
  /** Runs `work` as the schema's owner, over connections that are closed when it ends. */
  asOwner<T>(work: (owner: Database) => Promise<T>): Promise<T>;
  /** Settles with the last output line when the embedded server ends on its own; never for an external server. */
  readonly lost: Promise<string>;
  /** Closes the connections, then stops the embedded server. */
  close(): Promise<void>;
}

/** `nulls not distinct` came with 15. */
const OLDEST_SERVER_VERSION = 150_000;

/** A migration's transaction, and one to spare. */
const OWNER_CONNECTIONS = 2;

/**
 * Opens the store and asks it something. Throws StartError, in one line, when the server cannot be reached or
 * started, or is too old. `log` takes what the embedded server says, line by line.
 */
export async function openStore(config: Config, log: (line: string) => void): Promise<Store> {
  const server = config.databaseUrl
    ? { url: config.databaseUrl, lost: new Promise<never>(() => {}), stop: async () => undefined }
    : await startEmbeddedPostgres({ dataDir: config.dataDir, log });
  const { connectionWaitMs, transactionWaitMs, waitingTransactions } = config.limits;
  const { preparedStatements } = config;
  const place = describePlace(server.url, 'DATABASE_URL');
  const database = openDatabase(server.url, {
    connections: config.limits.databaseConnections,
    connectionWaitMs,
    transactionWaitMs,
    waitingTransactions,
    preparedStatements,
  });
  const close = async () => {
    await database.close();
    await server.stop();
  };
  try {
    await requireSupportedServer(database, place);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    database,
    lost: server.lost,
    close,
    async asOwner(work) {
      const { migrationDatabaseUrl } = config;
      if (!migrationDatabaseUrl) {
        return work(database);
      }
      const ownerPlace = describePlace(migrationDatabaseUrl, 'MIGRATION_DATABASE_URL');
      const owner = openDatabase(migrationDatabaseUrl, {
        connections: OWNER_CONNECTIONS,
        connectionWaitMs,
        preparedStatements,
      });
      try {
        await requireSupportedServer(owner, ownerPlace);
        return await work(owner);
      } finally {
        await owner.close();
      }
    },
  };
}

/** Host, port and name of a database; never the password. */
function describePlace(url: string, variable: string): string {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    throw new StartError(`${variable} must look like postgres://user:password@host:5432/database`);
  }
  const { hostname, port, pathname } = new URL(url);
  return `${decodeURIComponent(hostname)}:${port || 5432}${pathname}`;
}

async function requireSupportedServer(database: Database, place: string): Promise<void> {
  let version: number;
  try {
    const { rows } = await sql<{ version: string }>`
      select current_setting('server_version_num') as version`.execute(database.orm.em.fork().getKysely());
    version = Number(rows[0]?.version);
  } catch (error) {
    throw new StartError(`cannot use the database at ${place}: ${reasonOf(error)}`);
  }
  if (version < OLDEST_SERVER_VERSION) {
    const major = Math.trunc(version / 10_000);
    throw new StartError(`the database at ${place} is PostgreSQL ${major}; 15 or newer is needed`);
  }
}

function reasonOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return (message || code || 'no reason given').replace(/\s+/g, ' ');
}
