/** How many runs of a workflow are at each of its steps is counted without reading those that have ended. */
import { Migration } from '@mikro-orm/migrations';

export class OpenRuns extends Migration {
  override up(): void {
    this.addSql(`create index open_runs_by_step on workflow_enrollments
      (account_id, workflow_id, workflow_version, next_step) where ended_at is null`);
  }

  override down(): void {
    this.addSql('drop index open_runs_by_step');
  }
}
