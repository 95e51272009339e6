/** The PostgreSQL that the configuration asks for: the one at DATABASE_URL, or the embedded one. */
import type { Config } from '../config/config.ts';
import type { Cluster } from './cluster.ts';
import { type Database, openDatabase } from './database.ts';
import { type ConnectionTarget, readConnectionTarget } from './driver/connection-target.ts';
import { startEmbeddedPostgres } from './embedded/embedded-postgres.ts';
import { requireSupportedServer } from './server-requirements.ts';
import { followStandby, type Standby, type StandbyOptions } from './standby.ts';

export interface Store {
  readonly database: Database;
  /** Runs `work` as the schema's owner, over connections that are closed when it ends. */
  asOwner<T>(work: (owner: Database) => Promise<T>): Promise<T>;
  /** Settles with the last output line when the embedded server ends on its own; never for an external server. */
  readonly lost: Promise<string>;
  /** Follows the standby that the configuration names, until the store is closed; undefined: none is named. */
  readonly followStandby: (onChange: StandbyOptions['onChange']) => Standby | undefined;
  /** Closes the connections, then stops the embedded server. */
  close(): Promise<void>;
}

/** A migration's transaction, and one to spare. */
const OWNER_CONNECTIONS = 2;

/**
 * Opens the store and asks it something. Throws StartError or ConfigError, in one line, when the server cannot be
 * reached or started, or is not one that can be served from. `log` takes what the embedded server says, line by line.
 */
export async function openStore(config: Config, log: (line: string) => void): Promise<Store> {
  const { databaseUrl, migrationDatabaseUrl, readDatabaseUrl, connectionVariables, preparedStatements } =
    config;
  const { connectionWaitMs, transactionWaitMs, waitingTransactions } = config.limits;
  // Read before anything is started.
  const ownerTarget =
    migrationDatabaseUrl === undefined
      ? undefined
      : readConnectionTarget(migrationDatabaseUrl, 'MIGRATION_DATABASE_URL', connectionVariables);
  const readTarget =
    readDatabaseUrl === undefined
      ? undefined
      : readConnectionTarget(readDatabaseUrl, 'READ_DATABASE_URL', connectionVariables);
  const own = databaseUrl && readConnectionTarget(databaseUrl, 'DATABASE_URL', connectionVariables);
  const server = own
    ? { target: own, lost: new Promise<never>(() => {}), stop: async () => undefined }
    : await startEmbedded(config, log);
  const { isDistributed } = await requireServer(server.target, config).catch(async (error) => {
    await server.stop();
    throw error;
  });
  const options = {
    connections: config.limits.databaseConnections,
    connectionWaitMs,
    transactionWaitMs,
    waitingTransactions,
    preparedStatements,
    isDistributed,
  };
  const database = openDatabase(server.target, options);
  let standby: Standby | undefined;
  const close = async () => {
    await standby?.close();
    await database.close();
    await server.stop();
  };
  return {
    database,
    lost: server.lost,
    close,
    followStandby(onChange) {
      standby =
        readTarget &&
        followStandby({
          ...{
            primary: database,
            standby: openDatabase(readTarget, options),
            limits: config.limits,
            onChange,
          },
        });
      return standby;
    },
    async asOwner(work) {
      if (!ownerTarget) {
        return work(database);
      }
      await requireServer(ownerTarget, config);
      const owner = openDatabase(ownerTarget, {
        connections: OWNER_CONNECTIONS,
        connectionWaitMs,
        preparedStatements,
        isDistributed,
      });
      try {
        return await work(owner);
      } finally {
        await owner.close();
      }
    },
  };
}

/** Asks the server, over a connection of its own, before the form of the statements is chosen. */
async function requireServer(
  target: ConnectionTarget,
  { limits, preparedStatements }: Config,
): Promise<Cluster> {
  const { connectionWaitMs } = limits;
  const database = openDatabase(target, { connections: 1, connectionWaitMs, preparedStatements });
  try {
    return await requireSupportedServer(database, target.place);
  } finally {
    await database.close();
  }
}

async function startEmbedded({ dataDir }: Config, log: (line: string) => void) {
  const { url, lost, stop } = await startEmbeddedPostgres({ dataDir, log });
  return { target: readConnectionTarget(url), lost, stop };
}
