/** Sets say at what weight they were planned, and whether they are supplemental. */
import { Migration } from '@mikro-orm/migrations';

/** Sets from before have no target weight: what was planned is not known. */
export class PlannedSets extends Migration {
  override up(): void {
    this.addSql('alter table logged_sets add column target_weight weight');
    this.addSql(`alter table logged_sets
      drop constraint logged_set_kind_is_known,
      add constraint logged_set_kind_is_known check (kind in ('WARM_UP', 'WORK', 'AMRAP', 'SUPPLEMENTAL'))`);
    // Personal bests are looked up among work sets alone.
    this.addSql('drop index logged_sets_by_estimate');
    this.addSql(`create index logged_sets_by_estimate on logged_sets
      (account_id, user_id, lift_id, (weight * (30 + reps_performed)) desc)
      where kind in ('WORK', 'AMRAP') and reps_performed > 0`);
  }

  /** Supplemental sets become warm-ups, which decided nothing either. */
  override down(): void {
    this.addSql(`update logged_sets set kind = 'WARM_UP' where kind = 'SUPPLEMENTAL'`);
    this.addSql('drop index logged_sets_by_estimate');
    this.addSql(`create index logged_sets_by_estimate on logged_sets
      (account_id, user_id, lift_id, (weight * (30 + reps_performed)) desc)
      where kind <> 'WARM_UP' and reps_performed > 0`);
    this.addSql(`alter table logged_sets
      drop column target_weight,
      drop constraint logged_set_kind_is_known,
      add constraint logged_set_kind_is_known check (kind in ('WARM_UP', 'WORK', 'AMRAP'))`);
  }
}
