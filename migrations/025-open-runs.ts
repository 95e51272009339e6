/** Runs and sessions that are open: runs are counted by step without reading ended ones; planned sessions wait until they are due. */
import { Migration } from '@mikro-orm/migrations';

const ACCOUNT = `nullif(current_setting('progression.account_id', true), '')::uuid`;

export class OpenRuns extends Migration {
  override up(): void {
    this.addSql(`create index open_runs_by_step on workflow_enrollments
      (account_id, workflow_id, workflow_version, next_step) where ended_at is null`);
    // The athlete has been checked when the plan was accepted: no foreign key, as it would lock the athlete's row.
    this.addSql(`
      create table planned_sessions (
        account_id uuid not null,
        user_id uuid not null,
        session_id uuid not null,
        planned_at timestamptz not null,
        -- Until when it may be completed; then it is looked for, and the row goes.
        due_at timestamptz not null,
        -- What else session_missed says of it.
        detail jsonb not null,
        constraint planned_sessions_pkey primary key (account_id, user_id, session_id)
      ) with (fillfactor = 80)`);
    this.addSql('create index planned_sessions_by_due on planned_sessions (due_at, account_id)');
    this.addSql('grant select, insert, update, delete on planned_sessions to progression_app');
    this.addSql(`create policy own_account on planned_sessions
      using (account_id = ${ACCOUNT}) with check (account_id = ${ACCOUNT})`);
    this.addSql('alter table planned_sessions enable row level security, force row level security');
    this.addSql('grant select (account_id, due_at) on planned_sessions to progression_worker');
    this.addSql(
      'create policy worker_sees_what_is_due on planned_sessions for select to progression_worker using (true)',
    );
  }

  override down(): void {
    this.addSql('drop table planned_sessions');
    this.addSql('drop index open_runs_by_step');
  }
}
