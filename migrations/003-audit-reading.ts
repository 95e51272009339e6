/** What reading the audit trail and forgetting an athlete need: indexes, and one more column to write. */
import { Migration } from '@mikro-orm/migrations';

/** The trail is read newest first: all of it, or one athlete's. */
export class AuditReading extends Migration {
  override up(): void {
    this.addSql('create index audit_log_by_time on audit_log (account_id, recorded_at, id)');
    this.addSql('create index audit_log_by_user on audit_log (account_id, user_id, recorded_at, id)');
    // Who forgets a name forgets the fingerprint of the message that had it.
    this.addSql('grant update (fingerprint) on requests to progression_app');
  }

  override down(): void {
    this.addSql('revoke update (fingerprint) on requests from progression_app');
    this.addSql('drop index audit_log_by_user');
    this.addSql('drop index audit_log_by_time');
  }
}
