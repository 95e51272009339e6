/** Workflows have tags, and so does each of their versions. Steps keep what they changed. */
import { Migration } from '@mikro-orm/migrations';

export class TagsAndChanges extends Migration {
  override up(): void {
    this.addSql(`alter table workflows
      add column tags jsonb not null default '[]',
      add constraint workflow_tags_are_a_list check (jsonb_typeof(tags) = 'array')`);
    this.addSql(`alter table workflow_versions add column tags jsonb not null default '[]'`);
    this.addSql('alter table action_executions add column changes jsonb');
  }

  override down(): void {
    this.addSql('alter table action_executions drop column changes');
    this.addSql('alter table workflow_versions drop column tags');
    this.addSql('alter table workflows drop column tags');
  }
}
