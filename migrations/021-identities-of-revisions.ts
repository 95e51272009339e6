/**
 * Gives each revision of a program and of an account's automation a random identity. A number is given again after a
 * failover or a restore that lost changes, an identity never.
 */
import { Migration } from '@mikro-orm/migrations';

export class IdentitiesOfRevisions extends Migration {
  override up(): void {
    this.addSql('alter table programs add column revision_identity uuid not null default gen_random_uuid()');
    // The identities of the latest revisions, the current one first.
    this.addSql(`alter table automation_revisions
      add column identities uuid[] not null default array[gen_random_uuid()],
      add constraint automation_revision_has_an_identity check (cardinality(identities) > 0)`);
  }

  override down(): void {
    this.addSql('alter table automation_revisions drop column identities');
    this.addSql('alter table programs drop column revision_identity');
  }
}
