/** The service that a tool calls: one at a URL, or a temporary one that is removed afterwards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startService } from '../src/commands/start-service.ts';
import { type Config, readConfig } from '../src/config/config.ts';
import { createLogger } from '../src/server/logger.ts';
import { openDatabase } from '../src/store/database.ts';
import { startEmbeddedPostgres } from '../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../src/store/migrate.ts';

export interface CalledService {
  /** For clients on this machine, without a slash at the end. */
  readonly url: string;
  /** Stops a temporary service; one at a URL goes on. */
  close(): Promise<void>;
}

/** The data need not survive a crash of the machine, so nothing is flushed to the disk. */
const THROWAWAY_SETTINGS = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };

/** The service at `url`; without one, a temporary one. Throws StartError when it cannot start. */
export async function openService(url?: string): Promise<CalledService> {
  return url === undefined
    ? startTemporaryService()
    : { url: url.replace(/\/+$/, ''), close: async () => undefined };
}

/**
 * A service on any free port of the loopback interface, with an embedded PostgreSQL in a temporary directory: migrated,
 * not seeded, and removed when it is closed. Throws StartError.
 */
export async function startTemporaryService(): Promise<CalledService> {
  const dataDir = await mkdtemp(join(tmpdir(), 'progression-tool-'));
  const config = readConfig({ HOST: '127.0.0.1', PORT: '0' });
  const undo = [() => rm(dataDir, { recursive: true, force: true })];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) {
      await step();
    }
  };
  try {
    const postgres = await startEmbeddedPostgres({
      dataDir,
      log: () => undefined,
      settings: THROWAWAY_SETTINGS,
    });
    undo.push(() => postgres.stop());
    const { url, stop } = await serve(config, postgres.url);
    undo.push(stop);
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function serve(config: Config, databaseUrl: string) {
  const { databaseConnections, connectionWaitMs } = config.limits;
  const database = openDatabase(databaseUrl, { connections: databaseConnections, connectionWaitMs });
  try {
    await migrate(database);
    const server = await startService(config, database, createLogger('silent'));
    const stop = async () => {
      await server.close();
      await database.close();
    };
    return { url: server.url, stop };
  } catch (error) {
    await database.close();
    throw error;
  }
}
