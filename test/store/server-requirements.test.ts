/** Unsuitable databases: each is refused at the start, in one line. */
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { type AdminConnection, openAdminConnection } from '../support/database-server.ts';
import { runCommand } from '../support/service-process.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/test-database.ts';
import { readRows } from './schema-dump.ts';

let admin: AdminConnection;
let db: TestDatabase;
let name: string;
beforeEach(async () => {
  admin = openAdminConnection(inject('serverUrl'));
  db = await createEmptyDatabase();
  name = new URL(db.url).pathname.slice(1);
});
afterEach(async () => {
  await db.close();
  await admin.close();
});

async function isRefusedWith(reason: string): Promise<void> {
  for (const args of [['serve'], ['migrate', 'up'], ['seed']]) {
    const { code, stdout, stderr } = await runCommand(args, { DATABASE_URL: db.url });

    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^the database at \S+ [^\n]+\n$/);
    expect(stderr).toContain(reason);
  }
  const tables = sql`select from pg_tables where schemaname = 'public'`;
  expect(await readRows(db.open(), tables)).toEqual([]);
}

test.each([
  ['LATIN1', 'LATIN1'],
  ['SQL_ASCII', 'SQL_ASCII'],
])('a database in the encoding %s is refused', async (_, encoding) => {
  await db.database.close();
  await admin.run(`drop database ${name} with (force)`);
  await admin.run(`create database ${name} template template0 encoding '${encoding}' locale 'C'`);

  await isRefusedWith(`has the encoding ${encoding}; UTF8 is needed`);
});

test('a database that takes no writes is refused', async () => {
  await admin.run(`alter database ${name} set default_transaction_read_only = on`);

  await isRefusedWith('is read-only: default_transaction_read_only is on');
});
