/** Keys that PostgreSQL finds rows by also while it knows nothing of how many there are. */
import { Migration } from '@mikro-orm/migrations';

/**
 * Until its statistics know better, PostgreSQL takes a young table for one of a few rows, and thinks any index that
 * begins with the account as good as the key itself; what it prepared by that reads the whole account at each look.
 * Among equals it takes the index that was made last, and a partial one only where the question is about its rows.
 */
export class YoungTables extends Migration {
  override up(): void {
    this.addSql('alter table requests drop constraint event_is_recorded_once');
    this.addSql(`create unique index event_is_recorded_once
      on requests (account_id, user_id, trigger_type, trigger_key) where user_id is not null`);
    this.addSql('alter table events drop constraint events_pkey');
    this.addSql('alter table events add constraint events_pkey primary key (account_id, id)');
  }

  override down(): void {
    this.addSql('drop index event_is_recorded_once');
    this.addSql(`alter table requests
      add constraint event_is_recorded_once unique (account_id, user_id, trigger_type, trigger_key)`);
  }
}
