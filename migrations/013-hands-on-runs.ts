/** Holds end by themselves, workflows set maxes as themselves, accounts have settings, runs can be paused. */
import { Migration } from '@mikro-orm/migrations';

/** Holds from before count as prolonged when they were placed. */
export class HandsOnRuns extends Migration {
  override up(): void {
    this.addSql('alter table workflow_holds add column last_event_at timestamptz');
    this.addSql('alter table workflow_holds no force row level security');
    this.addSql('update workflow_holds set last_event_at = held_at');
    this.addSql('alter table workflow_holds force row level security');
    this.addSql('alter table workflow_holds alter column last_event_at set not null');
    this.addSql('grant update (last_event_at) on workflow_holds to progression_app');
    this.addSql(`alter table lift_maxes drop constraint lift_max_source_is_known,
      add constraint lift_max_source_is_known check (source in ('MANUAL', 'PROGRESSION', 'REVERT', 'AUTOMATION'))`);
    this.addSql(`alter table accounts add column unit text not null default '',
      add constraint account_unit_is_known check (unit in ('', 'KILOGRAM', 'POUND'))`);
    this.addSql('grant update (time_zone, unit) on accounts to progression_app');
    this.addSql(`alter table workflow_enrollments
      -- When the next step was due, while the run is paused.
      add column paused_due_at timestamptz,
      drop constraint workflow_enrollment_state_is_known,
      add constraint workflow_enrollment_state_is_known check (
        state in ('TRIGGERED', 'ACTIVE', 'QUEUED', 'PAUSED', 'COMPLETED', 'FAILED', 'CANCELLED')),
      add constraint workflow_enrollment_keeps_its_time_while_paused check (
        (state = 'PAUSED') = (paused_due_at is not null))`);
  }

  /** Maxes that workflows set become manual, as they were before. */
  override down(): void {
    this.addSql('alter table lift_maxes no force row level security');
    this.addSql(`update lift_maxes set source = 'MANUAL' where source = 'AUTOMATION'`);
    this.addSql('alter table lift_maxes force row level security');
    this.addSql(`alter table lift_maxes drop constraint lift_max_source_is_known,
      add constraint lift_max_source_is_known check (source in ('MANUAL', 'PROGRESSION', 'REVERT'))`);
    this.addSql('alter table workflow_enrollments no force row level security');
    this.addSql(`update workflow_enrollments set state = 'ACTIVE', due_at = paused_due_at, paused_due_at = null
      where state = 'PAUSED'`);
    this.addSql('alter table workflow_enrollments force row level security');
    this.addSql(`alter table workflow_enrollments
      drop constraint workflow_enrollment_keeps_its_time_while_paused,
      drop column paused_due_at,
      drop constraint workflow_enrollment_state_is_known,
      add constraint workflow_enrollment_state_is_known check (
        state in ('TRIGGERED', 'ACTIVE', 'QUEUED', 'COMPLETED', 'FAILED', 'CANCELLED'))`);
    this.addSql('revoke update (time_zone) on accounts from progression_app');
    this.addSql('alter table accounts drop column unit');
    this.addSql('alter table workflow_holds drop column last_event_at');
  }
}
