/** Programs say which share of a one-rep max their training maxes are. */
import { Migration } from '@mikro-orm/migrations';

export class TrainingMaxPercent extends Migration {
  override up(): void {
    this.addSql(`alter table programs add column training_max_percent weight
      constraint program_training_max_percent_is_a_share check (training_max_percent > 0 and training_max_percent <= 1)`);
  }

  override down(): void {
    this.addSql('alter table programs drop column training_max_percent');
  }
}
