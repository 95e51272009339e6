/**
 * The system catalogue of PostgreSQL: every table is covered, and the application role has only the rights that it
 * needs.
 */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { readRows } from '../store/schema-dump.ts';
import { useTestDatabase } from '../support/test-database.ts';

/** The rights of the role in addition to select and insert. */
const MORE_THAN_READ_AND_ADD: Readonly<Record<string, readonly string[]>> = {
  accounts: ['UPDATE (name)', 'UPDATE (time_zone)', 'UPDATE (unit)'],
  users: ['UPDATE'],
  lifts: ['UPDATE'],
  programs: ['UPDATE'],
  program_lifts: ['DELETE', 'UPDATE'],
  progressions: ['UPDATE'],
  program_progressions: ['DELETE', 'UPDATE'],
  secrets: ['DELETE', 'UPDATE'],
  enrollments: [
    'UPDATE (active_from_sequence)',
    'UPDATE (ended_at)',
    'UPDATE (status)',
    'UPDATE (status_before_deletion)',
  ],
  enrollment_overrides: ['DELETE', 'UPDATE'],
  equipment: ['DELETE', 'UPDATE'],
  requests: [
    'DELETE',
    'UPDATE (detail)',
    'UPDATE (fingerprint)',
    'UPDATE (response)',
    'UPDATE (trigger_key)',
    'UPDATE (trigger_type)',
  ],
  logged_sets: ['DELETE', 'UPDATE'],
  progression_logs: ['UPDATE (is_reverted)'],
  set_corrections: ['UPDATE (reason)'],
  failure_counters: ['UPDATE'],
  progression_states: ['UPDATE'],
  outbox: ['DELETE', 'UPDATE (evaluated_at)', 'UPDATE (facts)', 'UPDATE (relayed_at)'],
  automation_revisions: ['UPDATE'],
  field_definitions: ['UPDATE'],
  custom_event_types: ['UPDATE'],
  workflows: ['UPDATE'],
  workflow_triggers: ['UPDATE'],
  trigger_activity: ['UPDATE (ended_at)'],
  audit_log: ['DELETE'],
  retention_policies: ['UPDATE'],
  events: ['DELETE', 'UPDATE (data)', 'UPDATE (outcomes)', 'UPDATE (previous)'],
  trigger_execution_logs: ['DELETE', 'UPDATE (details)', 'UPDATE (event_data)'],
  workflow_enrollments: ['DELETE', 'UPDATE'],
  action_executions: ['DELETE', 'UPDATE'],
  enrollment_caps: ['DELETE', 'UPDATE'],
  workflow_holds: ['UPDATE (held_at)', 'UPDATE (last_event_at)', 'UPDATE (released_at)'],
  dead_letters: ['UPDATE'],
  time_cursors: ['DELETE', 'UPDATE'],
  planned_sessions: ['DELETE', 'UPDATE'],
  backfills: ['UPDATE'],
};

/** Append-only tables: the application role can neither update nor delete their rows. */
const APPEND_ONLY = ['lift_maxes', 'removed_events', 'trigger_versions', 'workflow_versions'];

/** Tables whose rows the application role deletes as the account's retention policy says; see test/retention/. */
const RETAINED = [
  ...[
    'action_executions',
    'audit_log',
    'events',
    'requests',
    'trigger_execution_logs',
    'workflow_enrollments',
  ],
];

/** The columns that the worker role may read of every account: where and when work is due, not its content. */
const SEEN_BY_WORKERS: Readonly<Record<string, readonly string[]>> = {
  outbox: ['account_id', 'evaluated_at', 'partition', 'recorded_at', 'relayed_at', 'sequence'],
  workflow_enrollments: ['account_id', 'due_at', 'id', 'state'],
  time_cursors: ['account_id', 'due_at', 'id'],
  planned_sessions: ['account_id', 'due_at'],
  backfills: ['account_id', 'due_at', 'id'],
  dead_letters: ['account_id', 'id', 'next_attempt_at', 'state'],
  secrets: ['account_id', 'key_id'],
  accounts: ['id'],
  events: ['account_id', 'transaction_id'],
  retention_policies: ['account_id', 'due_at'],
};

const db = useTestDatabase();

const OF_AN_ACCOUNT = sql`c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
  and (c.relname = 'accounts' or exists (select from pg_attribute
    where attrelid = c.oid and attname = 'account_id' and not attisdropped))`;

test('every table with an account has row-level security, also for its owner: by account, and for workers only to see what is due', async () => {
  const tables = await readRows<{
    name: string;
    is_secured: boolean;
    is_forced: boolean;
    policies: string[];
  }>(
    db.database,
    sql`select c.relname as name, c.relrowsecurity as is_secured, c.relforcerowsecurity as is_forced,
          array(select concat_ws(' ', polname, polcmd, polpermissive, polroles::regrole[], pg_get_expr(polqual, c.oid),
            pg_get_expr(polwithcheck, c.oid)) from pg_policy where polrelid = c.oid order by polname) as policies
        from pg_class c where ${OF_AN_ACCOUNT} order by c.relname`,
  );

  expect(tables.length).toBeGreaterThanOrEqual(33);
  for (const { name, ...security } of tables) {
    const column = name === 'accounts' ? 'id' : 'account_id';
    const own = `(${column} = (NULLIF(current_setting('progression.account_id'::text, true), ''::text))::uuid)`;
    expect(security, name).toEqual({
      is_secured: true,
      is_forced: true,
      policies: [
        ...(RETAINED.includes(name)
          ? [expect.stringMatching(/^only_what_is_not_kept_goes d f \{-\} .*retention_policies/s)]
          : []),
        `own_account * t {-} ${own} ${own}`,
        ...(name in SEEN_BY_WORKERS ? ['worker_sees_what_is_due r t {progression_worker} true'] : []),
      ],
    });
  }
});

test('only the migrator may use a table without an account', async () => {
  const others = await readRows<{ name: string }>(
    db.database,
    sql`select c.relname as name from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
          and not (${OF_AN_ACCOUNT})`,
  );

  expect(others).toEqual([{ name: 'mikro_orm_migrations' }]);
});

test.each(['progression_app', 'progression_worker'])(
  'the role %s owns nothing, bypasses nothing and cannot log in',
  async (name) => {
    const role = await readRows(
      db.database,
      sql`select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin,
          array(select roleid::regrole::text from pg_auth_members where member = r.oid) as member_of,
          array(select refobjid::regclass::text from pg_shdepend where refobjid = r.oid and deptype = 'o') as owns
        from pg_roles r where rolname = ${name}`,
    );

    expect(role).toEqual([
      {
        ...{ rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false },
        ...{ rolreplication: false, rolcanlogin: false, member_of: [], owns: [] },
      },
    ]);
  },
);

test('the application role has exactly the rights that the service needs', async () => {
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

test('the application role creates nothing, runs no function as another role and uses only the sequence of acceptance', async () => {
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

test('the worker role reads where and when something is due, and nothing else', async () => {
  const seen = await readRows<{ table: string; columns: string[] }>(
    db.database,
    sql`select c.relname as table, array_agg(a.attname::text order by a.attname) as columns
        from pg_class c join pg_attribute a on a.attrelid = c.oid and not a.attisdropped
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
          and has_column_privilege('progression_worker', c.oid, a.attnum, 'SELECT')
        group by c.relname`,
  );
  expect(Object.fromEntries(seen.map(({ table, columns }) => [table, columns]))).toEqual(SEEN_BY_WORKERS);

  const [rights] = await readRows(
    db.database,
    sql`select has_schema_privilege('progression_worker', 'public', 'CREATE') as makes,
          array(select c.relname::text from pg_class c
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
              and (has_any_column_privilege('progression_worker', c.oid, 'INSERT, UPDATE, REFERENCES')
                or has_table_privilege('progression_worker', c.oid, 'DELETE, TRUNCATE, TRIGGER'))) as changes,
          array(select sequencename::text from pg_sequences where schemaname = 'public'
            and has_sequence_privilege('progression_worker', sequencename::text, 'USAGE, SELECT, UPDATE')) as sequences`,
  );
  expect(rights).toEqual({ makes: false, changes: [], sequences: [] });
});

test('across accounts, a worker sees that something is due, and cannot read what', async () => {
  const accountIds = [uuidv7(), uuidv7()].toSorted();
  for (const accountId of accountIds) {
    await db.database.ensureAccount(accountId);
    await db.database.transaction(accountId, (tx) =>
      sql`insert into outbox (account_id, id, facts, occurred_at)
          values (${accountId}, ${uuidv7()}, '[{"type": "secret"}]', now())`.execute(tx.sql),
    );
  }

  const due = await db.database.acrossAccounts(async (transaction) => {
    const { rows } = await sql<{ account_id: string }>`
      select account_id from outbox order by account_id`.execute(transaction);
    return rows.map(({ account_id }) => account_id);
  });
  expect(due).toEqual(accountIds);
  const questions = [
    sql`select facts from outbox`,
    sql`select * from outbox`,
    sql`select id from outbox where facts is not null`,
    sql`select id from users`,
    sql`update outbox set relayed_at = now()`,
    sql`delete from outbox`,
  ];
  for (const question of questions) {
    const asked = db.database.acrossAccounts((transaction) => question.execute(transaction));
    await expect(asked).rejects.toMatchObject({ code: '42501' });
  }
});
