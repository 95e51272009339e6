/** One PostgreSQL for the whole run: the one at DATABASE_URL, or a temporary embedded one. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../src/store/database.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { databaseUrl, openAdminConnection } from './database-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A database of the run's server, from which others are created. */
    serverUrl: string;
    /** The name of the migrated database that tests clone. */
    templateName: string;
  }
}

/** The data need not survive a crash of the machine, so nothing is flushed to the disk. */
const THROWAWAY_SETTINGS = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  autovacuum: 'off',
  max_connections: '300',
};

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const server = await findServer();
  const templateName = `template_${uuidv7().replaceAll('-', '')}`;
  const admin = openAdminConnection(server.url);
  await admin.run(`create database ${templateName}`);
  const template = openDatabase(databaseUrl(server.url, templateName), {
    connections: 2,
    connectionWaitMs: 10_000,
  });
  await migrate(template);
  await template.close();
  provide('serverUrl', server.url);
  provide('templateName', templateName);
  return async () => {
    await admin.run(`drop database ${templateName} with (force)`);
    await admin.close();
    await server.stop();
  };
}

async function findServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const url = process.env.DATABASE_URL;
  if (url) {
    return { url, stop: async () => undefined };
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'progression-test-'));
  // A proxy that refuses to run as root enters the directory as PostgreSQL's own user.
  await chmod(dataDir, 0o711);
  const postgres = await startEmbeddedPostgres({
    dataDir,
    log: () => undefined,
    settings: THROWAWAY_SETTINGS,
  });
  return {
    url: postgres.url,
    stop: async () => {
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
