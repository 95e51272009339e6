/** Lift maxes say which unit they are in. */
import { Migration } from '@mikro-orm/migrations';

/** Versions from before have no unit: which one they were given in is not known. */
export class LiftMaxUnits extends Migration {
  override up(): void {
    this.addSql(`alter table lift_maxes add column unit text not null default ''`);
    this.addSql(`alter table lift_maxes
      add constraint lift_max_unit_is_known check (unit in ('', 'KILOGRAM', 'POUND'))`);
  }

  override down(): void {
    this.addSql('alter table lift_maxes drop column unit');
  }
}
