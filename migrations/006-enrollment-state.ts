/** What rules remember begins with the enrollment, and a log row tells the stage before and after. */
import { Migration } from '@mikro-orm/migrations';

/**
 * `active_from_sequence` is the position in the order of acceptance at which an enrollment became ACTIVE, at its start
 * or its last resume: sets before it concern no event of the enrollment. It is 0 for enrollments that are older than
 * the column. `reset_at` and `set_at` tell when a counter or a stage was last changed other than by an event: a revert
 * of an application that is older restores nothing there.
 */
export class EnrollmentState extends Migration {
  override up(): void {
    this.addSql('alter table enrollments add column active_from_sequence bigint not null default 0');
    this.addSql(`alter table enrollments
      alter column active_from_sequence set default nextval('acceptance_sequence')`);
    this.addSql('grant update (active_from_sequence) on enrollments to progression_app');
    this.addSql('alter table failure_counters add column reset_at timestamptz');
    this.addSql('alter table progression_states add column set_at timestamptz');
    this.addSql('alter table progression_logs add column stage_after integer');
    this.addSql(`alter table progression_logs
      add constraint progression_log_stage_after_has_one_before check (stage_after is null or stage_before is not null)`);
  }

  override down(): void {
    this.addSql('alter table progression_logs drop column stage_after');
    this.addSql('alter table progression_states drop column set_at');
    this.addSql('alter table failure_counters drop column reset_at');
    this.addSql('alter table enrollments drop column active_from_sequence');
  }
}
