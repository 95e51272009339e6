/** Programs say what the loads that they prescribe are rounded to; what they prescribe is in their days. */
import { Migration } from '@mikro-orm/migrations';

export class ProgramLoadStep extends Migration {
  override up(): void {
    this.addSql(`alter table programs add column load_step weight
      constraint program_load_step_is_positive check (load_step > 0)`);
  }

  override down(): void {
    this.addSql('alter table programs drop column load_step');
  }
}
