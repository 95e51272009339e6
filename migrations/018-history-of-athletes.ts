/** Filters count the events of a type that an athlete had in a span. */
import { Migration } from '@mikro-orm/migrations';

/** The condition on the time is true of every row: see migration 007. */
export class HistoryOfAthletes extends Migration {
  override up(): void {
    this.addSql(`create index events_by_user_and_type on events (account_id, user_id, type, occurred_at)
      where occurred_at > '-infinity'`);
  }

  override down(): void {
    this.addSql('drop index events_by_user_and_type');
  }
}
