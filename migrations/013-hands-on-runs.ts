/** Holds end by themselves. */
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
  }

  override down(): void {
    this.addSql('alter table workflow_holds drop column last_event_at');
  }
}
