/** What the database's own catalogue says: no table was forgotten, and the application role can do no more than it must. */
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRows } from '../store/schema-dump.ts';
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts';

/** Beside reading and adding, what the role may do; what it is not listed for, it may not. */
const MORE_THAN_READ_AND_ADD: Readonly<Record<string, readonly string[]>> = {
  accounts: ['UPDATE (name)'],
  users: ['UPDATE'],
  lifts: ['UPDATE'],
  programs: ['UPDATE'],
  program_lifts: ['DELETE', 'UPDATE'],
  progressions: ['UPDATE'],
  program_progressions: ['DELETE', 'UPDATE'],
  enrollments: ['UPDATE (ended_at)', 'UPDATE (status)'],
  requests: ['UPDATE (fingerprint)', 'UPDATE (response)'],
  failure_counters: ['UPDATE'],
  progression_states: ['UPDATE'],
  outbox: ['DELETE'],
};

/** What is written once: nobody who serves calls can take it back. */
const APPEND_ONLY = ['audit_log', 'lift_maxes', 'logged_sets', 'progression_logs'];

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const OF_AN_ACCOUNT = sql`c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and (c.relname = 'accounts' or exists (select from pg_attribute
    where attrelid = c.oid and attname = 'account_id' and not attisdropped))`;

test('every table with an account has row-level security, for its owner too, by the account and nothing else', async () => {
  const tables = await readRows<{
    name: string;
    is_secured: boolean;
    is_forced: boolean;
    policies: string[];
  }>(
    db.database,
    sql`select c.relname as name, c.relrowsecurity as is_secured, c.relforcerowsecurity as is_forced,
          array(select concat_ws(' ', polname, polcmd, polpermissive, polroles, pg_get_expr(polqual, c.oid),
            pg_get_expr(polwithcheck, c.oid)) from pg_policy where polrelid = c.oid) as policies
        from pg_class c where ${OF_AN_ACCOUNT} order by c.relname`,
  );

  expect(tables.length).toBeGreaterThanOrEqual(16);
  for (const { name, ...security } of tables) {
    const column = name === 'accounts' ? 'id' : 'account_id';
    const own = `(${column} = (NULLIF(current_setting('progression.account_id'::text, true), ''::text))::uuid)`;
    expect(security, name).toEqual({
      is_secured: true,
      is_forced: true,
      policies: [`own_account * t {0} ${own} ${own}`],
    });
  }
});

test('a table without an account is the migrator’s alone', async () => {
  const others = await readRows<{ name: string }>(
    db.database,
    sql`select c.relname as name from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
          and not (${OF_AN_ACCOUNT})`,
  );

  expect(others).toEqual([{ name: 'mikro_orm_migrations' }]);
});

test('the application role owns nothing, bypasses nothing and cannot log in', async () => {
  const role = await readRows(
    db.database,
    sql`select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin,
          array(select roleid::regrole::text from pg_auth_members where member = r.oid) as member_of,
          array(select refobjid::regclass::text from pg_shdepend where refobjid = r.oid and deptype = 'o') as owns
        from pg_roles r where rolname = 'progression_app'`,
  );

  expect(role).toEqual([
    {
      ...{ rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false },
      ...{ rolreplication: false, rolcanlogin: false, member_of: [], owns: [] },
    },
  ]);
});

test('the application role may do just what the service does', async () => {
  const rows = await readRows<{ name: string; privileges: string[] }>(
    db.database,
    sql`select c.relname as name, array(
          select p from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p
          where has_table_privilege('progression_app', c.oid, p)
          union all
          select format('UPDATE (%s)', attname) from pg_attribute
          where attrelid = c.oid and attnum > 0 and not attisdropped
            and not has_table_privilege('progression_app', c.oid, 'UPDATE')
            and has_column_privilege('progression_app', c.oid, attnum, 'UPDATE')
          order by 1) as privileges
        from pg_class c where ${OF_AN_ACCOUNT} order by c.relname`,
  );

  const expected = rows.map(({ name }) => ({
    name,
    privileges: ['INSERT', 'SELECT', ...(MORE_THAN_READ_AND_ADD[name] ?? [])].toSorted(),
  }));
  expect(rows.map(({ name, privileges }) => ({ name, privileges: privileges.toSorted() }))).toEqual(expected);
  const kept = rows.filter(({ privileges }) => privileges.toSorted().join() === 'INSERT,SELECT');
  expect(kept.map(({ name }) => name)).toEqual(APPEND_ONLY);
});

test('the application role makes nothing, runs nothing as somebody else and counts only in the order of acceptance', async () => {
  const [rights] = await readRows(
    db.database,
    sql`select has_schema_privilege('progression_app', 'public', 'CREATE') as makes,
          array(select proname::text from pg_proc where prosecdef and pronamespace = 'public'::regnamespace) as as_others,
          array(select sequencename::text from pg_sequences where schemaname = 'public'
            and has_sequence_privilege('progression_app', sequencename::text, 'USAGE')) as sequences,
          has_sequence_privilege('progression_app', 'acceptance_sequence', 'UPDATE') as resets`,
  );

  expect(rights).toEqual({ makes: false, as_others: [], sequences: ['acceptance_sequence'], resets: false });
});
