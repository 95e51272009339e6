/** Runs wait for events, end when their goal is reached, and keep every try of each step. */
import { Migration } from '@mikro-orm/migrations';

const OPEN_AND_ENDED = "'TRIGGERED', 'ACTIVE', 'QUEUED', 'PAUSED', 'COMPLETED', 'FAILED', 'CANCELLED'";

export class WaitingRuns extends Migration {
  override up(): void {
    this.addSql(`alter table workflows add column exits jsonb not null default '[]'`);
    this.addSql(`alter table workflow_versions add column exits jsonb not null default '[]'`);
    this.addSql(`alter table workflow_enrollments
      -- The types of events that end the run or its wait; null: none.
      add column listens_to jsonb,
      -- The event that ended the wait of the next step, until the step is recorded.
      add column received jsonb,
      drop constraint workflow_enrollment_state_is_known,
      add constraint workflow_enrollment_state_is_known check (state in (${OPEN_AND_ENDED}, 'EXITED')),
      drop constraint workflow_enrollment_ends_once,
      add constraint workflow_enrollment_ends_once check (
        (state in ('COMPLETED', 'FAILED', 'CANCELLED', 'EXITED')) = (ended_at is not null))`);
    this.addSql(`alter table action_executions add column tries jsonb not null default '[]'`);
    this.addSql(`create index listening_runs_by_athlete on workflow_enrollments (account_id, user_id)
      where listens_to is not null and ended_at is null`);
  }

  /** Runs that reached their goal count as cancelled. */
  override down(): void {
    this.addSql('alter table action_executions drop column tries');
    this.addSql('drop index listening_runs_by_athlete');
    this.addSql('alter table workflow_enrollments no force row level security');
    this.addSql(`update workflow_enrollments set state = 'CANCELLED' where state = 'EXITED'`);
    this.addSql('alter table workflow_enrollments force row level security');
    this.addSql(`alter table workflow_enrollments
      drop constraint workflow_enrollment_ends_once,
      add constraint workflow_enrollment_ends_once check (
        (state in ('COMPLETED', 'FAILED', 'CANCELLED')) = (ended_at is not null)),
      drop constraint workflow_enrollment_state_is_known,
      add constraint workflow_enrollment_state_is_known check (state in (${OPEN_AND_ENDED})),
      drop column received, drop column listens_to`);
    this.addSql('alter table workflow_versions drop column exits');
    this.addSql('alter table workflows drop column exits');
  }
}
