/** Lets workers see which transaction wrote the events of which account, to find those that lie ahead after a restore. */
import { Migration } from '@mikro-orm/migrations';

export class TransactionsAhead extends Migration {
  override up(): void {
    for (const [table, columns] of SEEN) {
      this.addSql(`grant select (${columns}) on ${table} to progression_worker`);
      this.addSql(
        `create policy worker_sees_what_is_due on ${table} for select to progression_worker using (true)`,
      );
    }
  }

  override down(): void {
    for (const [table, columns] of SEEN) {
      this.addSql(`drop policy worker_sees_what_is_due on ${table}`);
      this.addSql(`revoke select (${columns}) on ${table} from progression_worker`);
    }
  }
}

const SEEN = [
  ['accounts', 'id'],
  ['events', 'account_id, transaction_id'],
] as const;
