/** Workflows are trees of steps: the result of a step says where it is, and which of its lists it chose. */
import { Migration } from '@mikro-orm/migrations';

/** Steps that ran before are of workflows without branches, where a step's number is its place. */
export class BranchingRuns extends Migration {
  override up(): void {
    this.addSql(`alter table action_executions
      -- Null: the step was recorded before workflows had branches.
      add column path text,
      add column taken text`);
  }

  override down(): void {
    this.addSql('alter table action_executions drop column path, drop column taken');
  }
}
