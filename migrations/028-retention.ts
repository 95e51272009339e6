/** Accounts say for how many days rows are kept. What may be deleted is held by policies of the tables. */
import { Migration } from '@mikro-orm/migrations';

const ACCOUNT = `nullif(current_setting('progression.account_id', true), '')::uuid`;

/** Null while the account keeps them for ever; then nothing is before it. */
const horizon = (column: string) =>
  `now() - make_interval(days => (select ${column} from retention_policies where account_id = ${ACCOUNT}))`;

/** Which rows the application role may delete. */
const REMOVABLE: readonly (readonly [table: string, rows: string])[] = [
  ['events', `recorded_at < ${horizon('events_days')}`],
  ['trigger_execution_logs', `kind <> 'TEST' and executed_at < ${horizon('executions_days')}`],
  ['workflow_enrollments', `ended_at < ${horizon('runs_days')}`],
  // With its run.
  [
    'action_executions',
    `exists (select from workflow_enrollments r where r.account_id = action_executions.account_id
      and r.id = action_executions.enrollment_id and r.ended_at < ${horizon('runs_days')})`,
  ],
  ['audit_log', `recorded_at < ${horizon('audit_days')}`],
  // What names an athlete is the identity of an event.
  ['requests', `user_id is null and recorded_at < ${horizon('request_ids_days')}`],
];

export class Retention extends Migration {
  override up(): void {
    this.addSql(`
      create table retention_policies (
        account_id uuid not null,
        -- Null: kept for ever.
        events_days integer,
        executions_days integer,
        runs_days integer,
        audit_days integer,
        request_ids_days integer,
        -- When rows are next looked at.
        due_at timestamptz,
        -- Where the pass under way is: the kind of rows, and the last row that was looked at.
        kind text,
        after_at timestamptz,
        after_id uuid,
        constraint retention_policies_pkey primary key (account_id),
        constraint retention_policy_belongs_to_account foreign key (account_id)
          references accounts (id) on delete restrict,
        constraint retention_days_are_positive check
          (least(events_days, executions_days, runs_days, audit_days, request_ids_days) > 0),
        constraint retention_is_due_while_something_goes check ((due_at is null) =
          (num_nonnulls(events_days, executions_days, runs_days, audit_days, request_ids_days) = 0))
      )`);
    this.addSql(
      `create index retention_policies_by_due on retention_policies (due_at) where due_at is not null`,
    );
    // An id and an occurrence stay taken when their event goes.
    this.addSql(`
      create table removed_events (
        account_id uuid not null,
        id uuid not null,
        trigger_id uuid,
        user_id uuid,
        occurrence_key text,
        constraint removed_events_pkey primary key (account_id, id),
        constraint removed_occurrence_has_a_trigger check ((occurrence_key is null) = (trigger_id is null))
      )`);
    this.addSql(`create unique index removed_occurrence_happened_once on removed_events
      (account_id, trigger_id, user_id, occurrence_key) where occurrence_key is not null`);
    for (const table of ['retention_policies', 'removed_events']) {
      this.addSql(`create policy own_account on ${table}
        using (account_id = ${ACCOUNT}) with check (account_id = ${ACCOUNT})`);
      this.addSql(`alter table ${table} enable row level security, force row level security`);
    }
    this.addSql('grant select, insert, update on retention_policies to progression_app');
    this.addSql('grant select, insert on removed_events to progression_app');
    this.addSql('grant select (account_id, due_at) on retention_policies to progression_worker');
    this.addSql(`create policy worker_sees_what_is_due on retention_policies for select to progression_worker
      using (true)`);
    for (const [table, rows] of REMOVABLE) {
      this.addSql(`grant delete on ${table} to progression_app`);
      this.addSql(
        `create policy only_what_is_not_kept_goes on ${table} as restrictive for delete using (${rows})`,
      );
    }
    // Only calls that report no event are in it, so that events do not write it.
    this.addSql(`create index requests_without_event_by_time on requests (account_id, recorded_at)
      where user_id is null`);
  }

  override down(): void {
    this.addSql('drop index requests_without_event_by_time');
    for (const [table] of REMOVABLE) {
      this.addSql(`drop policy only_what_is_not_kept_goes on ${table}`);
      this.addSql(`revoke delete on ${table} from progression_app`);
    }
    this.addSql('drop table removed_events');
    this.addSql('drop table retention_policies');
  }
}
