/** What reading the history needs: events keep what they said, and each list finds its rows by an index. */
import { Migration } from '@mikro-orm/migrations';

/**
 * The conditions on times are true of every row: they keep an index away from statements that do not repeat them, which
 * PostgreSQL would look into for want of statistics while tables are young. `detail` is what a session, a week or a cycle said when it was reported; events from before have none.
 * `status_before_deletion` is what RestoreUser gives back. Indexes on the first versions of lift maxes cost the
 * versions that events append nothing.
 */
export class ReadableHistory extends Migration {
  override up(): void {
    this.addSql(`alter table requests add column detail jsonb,
      add constraint event_detail_is_an_object check (jsonb_typeof(detail) = 'object')`);
    this.addSql(`create index sessions_by_time on requests (account_id, user_id, occurred_at, trigger_key)
      where trigger_type = 'AFTER_SESSION' and occurred_at > '-infinity'`);
    this.addSql(`create index progression_logs_of_account on progression_logs (account_id, applied_at, id)
      where applied_at > '-infinity'`);
    this.addSql('drop index progression_logs_of_sets');
    this.addSql(`create index progression_logs_by_session on progression_logs (account_id, user_id, session_id)
      where session_id is not null`);
    this.addSql(`create index logged_sets_by_time on logged_sets (account_id, user_id, performed_at, id)
      where performed_at > '-infinity'`);
    this.addSql(`create index lift_maxes_by_athlete on lift_maxes (account_id, user_id, lift_id, max_type)
      where version = 1`);
    this.addSql(`create index lift_maxes_by_lift on lift_maxes (account_id, lift_id, user_id, max_type)
      where version = 1`);
    this.addSql(`alter table enrollments add column status_before_deletion text,
      add constraint enrollment_status_before_deletion_is_known
        check (status_before_deletion is null or (status = 'QUIT' and status_before_deletion in ('ACTIVE', 'PAUSED')))`);
    this.addSql('grant update (status_before_deletion) on enrollments to progression_app');
    this.addSql('drop index enrollments_by_program');
    this.addSql(
      'create index enrollments_by_program on enrollments (account_id, program_id, started_at, id)',
    );
    this.addSql('create index enrollments_by_time on enrollments (account_id, started_at, id)');
  }

  override down(): void {
    this.addSql('drop index enrollments_by_time');
    this.addSql('drop index enrollments_by_program');
    this.addSql('create index enrollments_by_program on enrollments (account_id, program_id)');
    this.addSql('alter table enrollments drop column status_before_deletion');
    this.addSql('drop index lift_maxes_by_lift');
    this.addSql('drop index lift_maxes_by_athlete');
    this.addSql('drop index logged_sets_by_time');
    this.addSql('drop index progression_logs_by_session');
    this.addSql(`create index progression_logs_of_sets on progression_logs (account_id, user_id, session_id)
      where trigger_type in ('AFTER_SET', 'ON_FAILURE')`);
    this.addSql('drop index progression_logs_of_account');
    this.addSql('drop index sessions_by_time');
    this.addSql('alter table requests drop column detail');
  }
}
