/** What athletes load, of the account and of single athletes: prescribed loads are rounded to it. */
import { Migration } from '@mikro-orm/migrations';

/** No setting, or an empty one, is no account: nothing equals null. */
const ACCOUNT = `nullif(current_setting('progression.account_id', true), '')::uuid`;

/** Lifts in the lists are not foreign keys: lifts are never removed. `rounding` is empty where it is not set. */
export class Equipment extends Migration {
  override up(): void {
    this.addSql(`
      create table equipment (
        account_id uuid not null,
        id uuid not null,
        -- Null: of the account.
        user_id uuid,
        bars jsonb not null,
        plates jsonb not null,
        steps jsonb not null,
        rounding text not null,
        updated_at timestamptz not null,
        constraint equipment_pkey primary key (account_id, id),
        constraint equipment_is_of_user foreign key (account_id, user_id)
          references users (account_id, id) on delete restrict,
        constraint equipment_is_unique unique nulls not distinct (account_id, user_id),
        constraint equipment_is_listed check (
          jsonb_typeof(bars) = 'array' and jsonb_typeof(plates) = 'array' and jsonb_typeof(steps) = 'array'),
        constraint equipment_rounding_is_known check (rounding in ('', 'NEAREST', 'DOWN', 'UP'))
      )`);
    this.addSql('grant select, insert, update, delete on equipment to progression_app');
    this.addSql(`create policy own_account on equipment
      using (account_id = ${ACCOUNT}) with check (account_id = ${ACCOUNT})`);
    this.addSql('alter table equipment enable row level security, force row level security');
  }

  override down(): void {
    this.addSql('drop table equipment');
  }
}
