/** Settings of the database and the role do not change the meaning of the service's statements. */
import { sql } from 'kysely';
import { Client } from 'pg';
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Database, type DatabaseOptions, openDatabase } from '../../../src/store/database.ts';
import { UserEntity } from '../../../src/store/entities/user.ts';
import { migrate } from '../../../src/store/migrate.ts';
import { type AdminConnection, openAdminConnection } from '../../support/database-server.ts';
import { createEmptyDatabase, type TestDatabase } from '../../support/test-database.ts';
import { readRows } from '../schema-dump.ts';

/** Settings that the owner of the database, or an attacker with its rights, may have made. */
const HOSTILE: Readonly<Record<string, string>> = {
  search_path: 'elsewhere, pg_catalog, public',
  client_encoding: 'LATIN1',
  datestyle: 'SQL, DMY',
  intervalstyle: 'sql_standard',
  timezone: 'America/New_York',
  default_transaction_isolation: 'serializable',
  standard_conforming_strings: 'off',
  array_nulls: 'off',
  client_min_messages: 'error',
};
const OURS = {
  search_path: 'public, pg_temp',
  client_encoding: 'UTF8',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  transaction_isolation: 'read committed',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  client_min_messages: 'warning',
};

const role = `odd_${uuidv7().replaceAll('-', '')}`;
let admin: AdminConnection;
let db: TestDatabase;
let url: string;
beforeAll(async () => {
  admin = openAdminConnection(inject('serverUrl'));
  db = await createEmptyDatabase();
  await admin.run(`create role ${role} login superuser`);
  const at = new URL(db.url);
  const name = at.pathname.slice(1);
  // Before every function of PostgreSQL, and before every table of the service.
  await readRows(db.database, sql`create schema elsewhere`);
  for (const text of ['set_config(text, text, boolean)', 'current_setting(text)']) {
    await readRows(
      db.database,
      sql.raw(`create function elsewhere.${text} returns text language sql as $$ select 'captured' $$`),
    );
  }
  for (const [setting, value] of Object.entries(HOSTILE)) {
    const list = setting === 'search_path' ? value : `'${value}'`;
    await admin.run(`alter database ${name} set ${setting} = ${list}`);
    await admin.run(`alter role ${role} set ${setting} = ${list}`);
  }
  at.username = role;
  url = at.href;
  await withOdd({ connections: 2 }, migrate);
});
afterAll(async () => {
  await db.close();
  await admin.run(`drop role ${role}`);
  await admin.close();
});

async function withOdd<T>(options: Partial<DatabaseOptions>, work: (database: Database) => Promise<T>) {
  const database = openDatabase(url, { connections: 1, connectionWaitMs: 10_000, ...options });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

test('a client that does not set its own settings has those of the database', async () => {
  const at = new URL(url);
  const [host, database] = [decodeURIComponent(at.hostname), at.pathname.slice(1)];
  const client = new Client({ host, database, user: role, port: Number(at.port || 5432) });
  await client.connect();
  const { rows } = await client.query(
    `select current_setting('DateStyle') as captured, date '2001-02-03'::text as date`,
  );
  await client.end();

  expect(rows).toEqual([{ captured: 'captured', date: '03/02/2001' }]);
});

/** As a transaction of the service sees them. */
async function settingsOf(database: Database): Promise<Record<string, string>> {
  const rows = await database.acrossAccounts(async (transaction) => {
    const found = await sql<{ name: string; setting: string }>`
      select name, setting from pg_settings where name = any(${Object.keys(OURS)})`.execute(transaction);
    return found.rows;
  });
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
}

test('a session sets what the service depends on', async () => {
  expect(await withOdd({}, settingsOf)).toEqual(OURS);
});

test('a transaction sets it too, behind a proxy that may give it another session', async () => {
  const settings = await withOdd({ preparedStatements: false }, async (database) => {
    // As another client of the proxy would leave the session.
    for (const [name, value] of Object.entries(HOSTILE)) {
      await readRows(database, sql`select pg_catalog.set_config(${name}, ${value}, false)`);
    }
    return settingsOf(database);
  });

  expect(settings).toEqual(OURS);
});

test('values are read as they were written', async () => {
  const accountId = uuidv4();
  const athlete = { name: 'Søren 深蹲 \\ {null}', timeZone: null, birthDate: '2001-02-03' };
  const createdAt = 1_700_000_000_123_456n;
  const found = await withOdd({}, async (database) => {
    await database.ensureAccount(accountId);
    await database.transaction(accountId, async ({ em }) => {
      em.create(UserEntity, {
        ...{ accountId, id: uuidv4(), ...athlete, createdAt, updatedAt: createdAt, deletedAt: null },
      });
    });
    return database.transaction(accountId, ({ em }) => em.find(UserEntity, { accountId }));
  });

  expect(found).toMatchObject([{ ...athlete, createdAt }]);
});

test('tables are created in public, also with another schema before it in the search path', async () => {
  const rows = await withOdd({}, (database) =>
    readRows(
      database,
      sql`select distinct schemaname from pg_tables where schemaname in ('public', 'elsewhere')`,
    ),
  );

  expect(rows).toEqual([{ schemaname: 'public' }]);
});
