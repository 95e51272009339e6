/** A dump of a PostgreSQL, restored into another one: what `pg_dump` keeps, transaction numbers in rows included. */
import { chownSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { withClient } from './ask-database.ts';

export interface DumpOptions {
  readonly from: string;
  /** An empty server. */
  readonly to: string;
  /** The data directory of one of them; its owner may write to `directory`, which is made and removed. */
  readonly dataDir: string;
  readonly directory: string;
}

export async function copyDump({ from, to, dataDir, directory }: DumpOptions): Promise<void> {
  mkdirSync(directory);
  const { uid, gid } = statSync(dataDir);
  chownSync(directory, uid, gid);
  try {
    const target = openDatabase(to, { connections: 2, connectionWaitMs: 30_000 });
    await migrate(target).finally(() => target.close());
    const { tables, sequences } = await withClient(from, (client) => dump(client, directory));
    await withClient(to, (client) => restore(client, directory, tables, sequences));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface DumpedTable {
  readonly name: string;
  readonly columns: string;
}

interface DumpedSequence {
  readonly name: string;
  readonly value: string;
}

/** All tables as one snapshot has them, each as a file of the server. */
async function dump(client: pg.Client, directory: string) {
  await client.query('begin isolation level repeatable read');
  const { rows: tables } = await client.query<DumpedTable>(`
    select c.relname as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    group by c.relname`);
  for (const { name, columns } of tables) {
    await client.query(`copy (select ${columns} from ${name}) to '${join(directory, name)}'`);
  }
  const { rows: sequences } = await client.query<DumpedSequence>(`
    select sequencename as name, last_value::text as value from pg_sequences
    where schemaname = 'public' and last_value is not null`);
  await client.query('commit');
  return { tables, sequences };
}

async function restore(
  client: pg.Client,
  directory: string,
  tables: readonly DumpedTable[],
  sequences: readonly DumpedSequence[],
): Promise<void> {
  await client.query('begin');
  await client.query(`set local session_replication_role = 'replica'`);
  await client.query(`truncate ${tables.map(({ name }) => name).join(', ')}`);
  for (const { name, columns } of tables) {
    await client.query(`copy ${name} (${columns}) from '${join(directory, name)}'`);
  }
  for (const { name, value } of sequences) {
    await client.query(`select setval('${name}', ${value})`);
  }
  await client.query('commit');
}
