/**
 * One PostgreSQL for the whole run: the one at DATABASE_URL, or a temporary embedded one; with CITUS_URL the cluster of this
 * coordinator, on which tests have distributed tables.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { TestProject } from 'vitest/node';
import { distribute } from '../../src/store/cluster.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { startEmbeddedPostgres } from '../../src/store/embedded/embedded-postgres.ts';
import { migrate } from '../../src/store/migrate.ts';
import { readRows } from '../store/schema-dump.ts';
import { databaseUrl, openAdminConnection } from './database-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A database of the run's server, from which others are created. */
    serverUrl: string;
    /** The servers that have a part of each database; of a cluster, the coordinator first. */
    nodeUrls: string[];
    /** Whether the tables of tests are distributed over the nodes of a cluster. */
    isDistributed: boolean;
    /** The name of the migrated database that tests clone. */
    templateName: string;
    /** Names of functions with a version that is stable or volatile. */
    notImmutable: string[];
    /** Those with a version that is volatile. */
    volatile: string[];
    /** Tables with a column whose default is drawn, from a sequence or at random, and the column. */
    drawing: [table: string, column: string][];
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
  const nodes = server.nodeUrls.map(openAdminConnection);
  const onNodes = async (statement: string) => {
    for (const node of nodes) {
      await node.run(statement);
    }
  };
  await onNodes(`create database ${templateName}`);
  const template = openDatabase(databaseUrl(server.url, templateName), {
    connections: 2,
    connectionWaitMs: 10_000,
  });
  const isDistributed = server.nodeUrls.length > 1;
  if (isDistributed) {
    await joinNodes(server.nodeUrls, templateName);
  }
  await migrate(template);
  await (isDistributed && distribute(template));
  provide('notImmutable', await listFunctions(template, ['s', 'v']));
  provide('volatile', await listFunctions(template, ['v']));
  provide('drawing', await listDrawing(template));
  await template.close();
  provide('serverUrl', server.url);
  provide('nodeUrls', server.nodeUrls);
  provide('isDistributed', isDistributed);
  provide('templateName', templateName);
  if (isDistributed) {
    // The cluster's daemons would keep the template from being cloned.
    await onNodes(`alter database ${templateName} with allow_connections false`);
    await onNodes(
      `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${templateName}'`,
    );
  }
  return async () => {
    await onNodes(`drop database ${templateName} with (force)`);
    await Promise.all(nodes.map((node) => node.close()));
    await server.stop();
  };
}

async function listFunctions(database: Database, volatility: readonly string[]): Promise<string[]> {
  const rows = await readRows<{ name: string }>(
    database,
    sql`select distinct proname::text as name from pg_proc where provolatile = any(${volatility})`,
  );
  return rows.map(({ name }) => name);
}

async function listDrawing(database: Database): Promise<[string, string][]> {
  const rows = await readRows<{ table: string; column: string }>(
    database,
    sql`select c.relname::text as table, a.attname::text as column
        from pg_attrdef d join pg_class c on c.oid = d.adrelid
        join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
        where c.relnamespace = 'public'::regnamespace and pg_get_expr(d.adbin, d.adrelid) ~ 'nextval|gen_random_uuid'`,
  );
  return rows.map(({ table, column }) => [table, column]);
}

/** Shards of each table: more would only make the clones slower. */
const SHARDS = 4;

async function joinNodes([coordinator = '', ...workers]: readonly string[], name: string): Promise<void> {
  for (const url of [coordinator, ...workers]) {
    const node = openAdminConnection(databaseUrl(url, name));
    await node.run('create extension citus');
    await node.close();
  }
  const admin = openAdminConnection(databaseUrl(coordinator, name));
  await admin.run(`alter database ${name} set citus.shard_count = ${SHARDS}`);
  const { hostname, port } = new URL(coordinator);
  await admin.run(`select citus_set_coordinator_host('${hostname}', ${port})`);
  for (const worker of workers.map((url) => new URL(url))) {
    await admin.run(`select citus_add_node('${worker.hostname}', ${worker.port})`);
  }
  await admin.close();
}

/** The coordinator and the workers that it knows. */
async function findNodes(coordinator: string): Promise<string[]> {
  const database = openDatabase(coordinator, { connections: 1, connectionWaitMs: 10_000 });
  const workers = await readRows<{ host: string; port: number }>(
    database,
    sql`select nodename as host, nodeport as port from pg_dist_node where groupid > 0 order by nodeport`,
  );
  await database.close();
  return [
    coordinator,
    ...workers.map(({ host, port }) => Object.assign(new URL(coordinator), { host: `${host}:${port}` }).href),
  ];
}

interface FoundServer {
  readonly url: string;
  readonly nodeUrls: string[];
  stop(): Promise<void>;
}

async function findServer(): Promise<FoundServer> {
  const { CITUS_URL, DATABASE_URL } = process.env;
  const url = CITUS_URL || DATABASE_URL;
  if (url) {
    return { url, nodeUrls: CITUS_URL ? await findNodes(url) : [url], stop: async () => undefined };
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
    nodeUrls: [postgres.url],
    stop: async () => {
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
