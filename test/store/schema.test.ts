/** Rules for all tables of the schema. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { useTestDatabase } from '../support/test-database.ts';
import { dumpSchema, readRows } from './schema-dump.ts';

const OURS = sql`c.relnamespace = 'public'::regnamespace and c.relname <> 'mikro_orm_migrations'`;

const db = useTestDatabase();

test('the migrated schema is the one on record', async () => {
  await expect(
    await dumpSchema(db.database),
    'the schema changed; if that is meant: npx vitest run test/store/schema.test.ts --update',
  ).toMatchFileSnapshot('schema.golden.txt');
});

test('every primary, unique and foreign key starts with account_id, and every index but those that workers look into', async () => {
  const keys = await readRows<{ table: string; key: string; first: string }>(
    db.database,
    sql`select c.relname as table, k.conname as key, a.attname as first
        from pg_constraint k join pg_class c on c.oid = k.conrelid
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
        where ${OURS} and k.contype in ('p', 'u', 'f')
        union all
        select c.relname, ic.relname, coalesce(a.attname, '')
        from pg_index i join pg_class c on c.oid = i.indrelid join pg_class ic on ic.oid = i.indexrelid
        left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
        where ${OURS} and (i.indisunique or not exists (
          select from pg_policy where polrelid = c.oid and polname = 'worker_sees_what_is_due'))`,
  );

  expect(keys.length).toBeGreaterThan(50);
  expect(keys.filter(({ first }) => first !== 'account_id')).toEqual(
    // The tenants themselves: constraint and index of one key.
    ['constraint', 'index'].map(() => ({ table: 'accounts', key: 'accounts_pkey', first: 'id' })),
  );
});

test('every foreign key includes the account of the row that it refers to', async () => {
  const pointers = await readRows<{ key: string; from: string; to: string; target: string }>(
    db.database,
    sql`select k.conname as key, source.attname as from, aim.attname as to, k.confrelid::regclass::text as target
        from pg_constraint k join pg_class c on c.oid = k.conrelid
        join pg_attribute source on source.attrelid = k.conrelid and source.attnum = k.conkey[1]
        join pg_attribute aim on aim.attrelid = k.confrelid and aim.attnum = k.confkey[1]
        where ${OURS} and k.contype = 'f'`,
  );

  expect(pointers.length).toBeGreaterThan(20);
  for (const { key, from, to, target } of pointers) {
    expect([from, to], key).toEqual(['account_id', target === 'accounts' ? 'id' : 'account_id']);
  }
});

test('constraints and indexes have explicit names, except primary keys', async () => {
  const names = await readRows<{ name: string; owner: string; primary: boolean }>(
    db.database,
    sql`select k.conname as name, coalesce(c.relname, t.typname) as owner, k.contype = 'p' as primary
        from pg_constraint k left join pg_class c on c.oid = k.conrelid left join pg_type t on t.oid = k.contypid
        where k.connamespace = 'public'::regnamespace and k.contype not in ('n', 't')
          and c.relname is distinct from 'mikro_orm_migrations'
        union all
        select ic.relname, c.relname, i.indisprimary from pg_index i
        join pg_class c on c.oid = i.indrelid join pg_class ic on ic.oid = i.indexrelid
        where ${OURS}`,
  );

  expect(names.length).toBeGreaterThan(80);
  for (const { name, owner, primary } of names) {
    // PostgreSQL makes names of the table, the columns and one of these endings.
    const isMade = name.startsWith(`${owner}_`) && /_(check|fkey|key|idx|excl)\d*$/.test(name);
    expect(primary ? name === `${owner}_pkey` : !isMade, name).toBe(true);
  }
});

test('no cascade removes logs or maxes', async () => {
  const cascades = await readRows<{ table: string; key: string }>(
    db.database,
    sql`select c.relname as table, k.conname as key from pg_constraint k join pg_class c on c.oid = k.conrelid
        where ${OURS} and k.contype = 'f' and k.confdeltype <> 'r' order by key`,
  );

  expect(cascades).toEqual([
    { table: 'enrollment_overrides', key: 'enrollment_override_is_of_a_program_row' },
    { table: 'program_lifts', key: 'program_lift_belongs_to_program' },
    { table: 'program_progressions', key: 'program_progression_belongs_to_program' },
  ]);
});
