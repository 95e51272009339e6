/** Two guards of the log become able to serve its lists: six index entries less for an event of three lifts. */
import { Migration } from '@mikro-orm/migrations';

export class GuardsThatList extends Migration {
  override up(): void {
    // The same columns in another order: the applications of an athlete by time, which had an index of its own.
    this.addSql(`alter table progression_logs
      drop constraint progression_applies_once_per_instant,
      add constraint progression_applies_once_per_instant unique
        (account_id, user_id, applied_at, progression_id, lift_id, trigger_type)`);
    this.addSql('drop index progression_logs_by_time');
    // The key of what a session did names the session, so that the session in front leaves the guard as strict.
    this.addSql(`alter table progression_logs
      add constraint progression_log_is_of_the_session_in_its_key check (coalesce(session_id::text, '') =
        case when starts_with(trigger_key, 'session:') or starts_with(trigger_key, 'set:')
          then split_part(trigger_key, ':', 2) else '' end),
      add constraint progression_log_has_a_key check (trigger_key > '')`);
    // Rows that are undone stay in the index, each under its own id: the lists have them too. The condition is true of
    // every row: see migration 007.
    this.addSql('drop index progression_applies_once_per_event');
    this.addSql(`create unique index progression_applies_once_per_event on progression_logs
      (account_id, user_id, session_id, trigger_key, progression_id, lift_id, max_type, trigger_type,
        (case when is_reverted then id end)) nulls not distinct where trigger_key > ''`);
    this.addSql('drop index progression_logs_by_session');
  }

  override down(): void {
    this.addSql(`create index progression_logs_by_session on progression_logs (account_id, user_id, session_id)
      where session_id is not null`);
    this.addSql('drop index progression_applies_once_per_event');
    this.addSql(`create unique index progression_applies_once_per_event on progression_logs
      (account_id, user_id, progression_id, lift_id, max_type, trigger_type, trigger_key) where not is_reverted`);
    this.addSql(`alter table progression_logs
      drop constraint progression_log_has_a_key,
      drop constraint progression_log_is_of_the_session_in_its_key`);
    this.addSql(
      'create index progression_logs_by_time on progression_logs (account_id, user_id, applied_at, id)',
    );
    this.addSql(`alter table progression_logs
      drop constraint progression_applies_once_per_instant,
      add constraint progression_applies_once_per_instant unique
        (account_id, user_id, progression_id, lift_id, trigger_type, applied_at)`);
  }
}
