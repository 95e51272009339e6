/** Row-level security on every table, and the role that serves calls: it owns nothing and bypasses nothing. */
import { Migration } from '@mikro-orm/migrations';

/**
 * What the application role may do. What only ever grows, it cannot change: maxes, logs, sets and the audit trail. Of
 * a ledger row it fills in the answer, and nothing else.
 */
const PRIVILEGES: readonly (readonly [table: string, privileges: string])[] = [
  ['accounts', 'select, insert, update (name)'],
  ['users', 'select, insert, update'],
  ['lifts', 'select, insert, update'],
  ['programs', 'select, insert, update'],
  ['program_lifts', 'select, insert, update, delete'],
  ['progressions', 'select, insert, update'],
  ['program_progressions', 'select, insert, update, delete'],
  ['enrollments', 'select, insert, update (status, ended_at)'],
  ['requests', 'select, insert, update (response)'],
  ['lift_maxes', 'select, insert'],
  ['progression_logs', 'select, insert'],
  ['logged_sets', 'select, insert'],
  ['failure_counters', 'select, insert, update'],
  ['progression_states', 'select, insert, update'],
  ['outbox', 'select, insert, delete'],
  ['audit_log', 'select, insert'],
];

/** No setting, or an empty one, as it is behind a transaction that had one, is no account: nothing equals null. */
const ACCOUNT = `nullif(current_setting('progression.account_id', true), '')::uuid`;

/**
 * A transaction sees the rows of the account in its setting `progression.account_id`, and of no other; the tables'
 * owner as well. Superusers, and roles that may bypass row-level security, are beyond any policy: the service never
 * works as one of them, because each of its transactions takes the role `progression_app`.
 */
export class AccountIsolation extends Migration {
  override up(): void {
    // Roles belong to the server, not to the database: another database, or another starter, may have made it.
    this.addSql(`
      do $$ begin
        if not exists (select from pg_roles where rolname = 'progression_app') then
          create role progression_app nologin;
        end if;
      exception when duplicate_object or unique_violation then
        null;
      end $$`);
    // Whoever migrates may serve as well, with one address for both. Where that is not to be had, it is said when
    // serving starts.
    this.addSql(`
      do $$ begin
        if not pg_has_role(current_user, 'progression_app',
          case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end)
        then
          grant progression_app to current_user;
        end if;
      exception when insufficient_privilege then
        null;
      end $$`);

    this.addSql('grant usage on schema public to progression_app');
    for (const [table, privileges] of PRIVILEGES) {
      this.addSql(`grant ${privileges} on ${table} to progression_app`);
      const column = table === 'accounts' ? 'id' : 'account_id';
      this.addSql(`
        create policy own_account on ${table} using (${column} = ${ACCOUNT}) with check (${column} = ${ACCOUNT})`);
      this.addSql(`alter table ${table} enable row level security, force row level security`);
    }
    this.addSql('grant usage on sequence acceptance_sequence to progression_app');
    // Whether the schema is the one that the code expects is asked for as long as calls are served.
    this.addSql('grant select on mikro_orm_migrations to progression_app');
  }

  /** The role stays: other databases of the server may have given it rights. */
  override down(): void {
    this.addSql('revoke all on mikro_orm_migrations from progression_app');
    this.addSql('revoke all on sequence acceptance_sequence from progression_app');
    for (const [table] of PRIVILEGES.toReversed()) {
      this.addSql(`alter table ${table} no force row level security, disable row level security`);
      this.addSql(`drop policy own_account on ${table}`);
      this.addSql(`revoke all on ${table} from progression_app`);
    }
    this.addSql('revoke usage on schema public from progression_app');
  }
}
