/** Migrations: up, down, once, by one process at a time, and refused by an older version. */
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate, migrateDown, migrationStatus } from '../../src/store/migrate.ts';
import { MIGRATIONS } from '../../src/store/migrations.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/test-database.ts';
import { dumpSchema, readRows } from './schema-dump.ts';

const NAMES = MIGRATIONS.map(({ name }) => name);

let db: TestDatabase;
beforeEach(async () => {
  db = await createEmptyDatabase();
});
afterEach(() => db.close());

test('an empty database gets every migration, and a second call finds nothing to do', async () => {
  expect(await migrationStatus(db.database)).toEqual(NAMES.map((name) => ({ name, applied: false })));

  expect(await migrate(db.database)).toEqual(NAMES);
  expect(await migrationStatus(db.database)).toEqual(NAMES.map((name) => ({ name, applied: true })));

  expect(await migrate(db.database)).toEqual([]);
});

test('going down leaves nothing behind, and going up again makes the same schema', async () => {
  await migrate(db.database);
  const first = await dumpSchema(db.database);

  for (const name of NAMES.toReversed()) {
    expect(await migrateDown(db.database)).toEqual([name]);
  }
  expect(await dumpSchema(db.database)).toBe('');
  expect(await migrateDown(db.database)).toEqual([]);

  await migrate(db.database);
  expect(await dumpSchema(db.database)).toBe(first);
});

test('of processes that migrate at the same time, one does the work and the others wait for it', async () => {
  const starters = [db.database, db.open(), db.open(), db.open()];

  const done = await Promise.all(starters.map((starter) => migrate(starter)));

  expect(done.toSorted((a, b) => b.length - a.length)).toEqual([NAMES, [], [], []]);
});

test('a schema that is newer than the code is refused and not changed', async () => {
  await migrate(db.database);
  await readRows(db.database, sql`insert into mikro_orm_migrations (name) values ('999-from-the-future')`);

  for (const attempt of [migrate, migrateDown, migrationStatus]) {
    await expect(attempt(db.database)).rejects.toThrow(
      /^the schema is newer than this code: the database has 999-from-the-future; start a newer version$/,
    );
  }
  expect(await dumpSchema(db.database)).toContain('table progression_logs');
});

test('a migration that fails is rolled back', async () => {
  await readRows(db.database, sql`create table audit_log (in_the_way int)`);

  await expect(migrate(db.database)).rejects.toThrow(/audit_log/);

  expect(await dumpSchema(db.database)).toBe('table audit_log\n  in_the_way integer\n');
});
