/** Versions of maxes lose the index on their ids: three index entries less for an event of three lifts. */
import { Migration } from '@mikro-orm/migrations';

export class MaxesByVersion extends Migration {
  override up(): void {
    // No statement looks a version up by its id, and no key refers to it. Versions are found, referred to and kept
    // unique by lift_max_version_is_unique; ids are UUIDs that the service makes.
    this.addSql(`alter table lift_maxes
      drop constraint lift_maxes_pkey,
      replica identity using index lift_max_version_is_unique`);
  }

  override down(): void {
    this.addSql(`alter table lift_maxes
      add constraint lift_maxes_pkey primary key (account_id, id),
      replica identity default`);
  }
}
