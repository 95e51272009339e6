/** What a program row is for one athlete: off, with another increment, or kept within other bounds. */
import { Migration } from '@mikro-orm/migrations';

/** No setting, or an empty one, is no account: nothing equals null. */
const ACCOUNT = `nullif(current_setting('progression.account_id', true), '')::uuid`;

/** Overrides belong to one enrollment, and go with the program row that they override. */
export class EnrollmentOverrides extends Migration {
  override up(): void {
    this.addSql(`
      create table enrollment_overrides (
        account_id uuid not null,
        id uuid not null,
        user_id uuid not null,
        enrollment_id uuid not null,
        program_progression_id uuid not null,
        lift_id uuid,
        is_off boolean not null,
        increment weight,
        min_value weight,
        max_value weight,
        expires_at timestamptz,
        reason text not null default '',
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint enrollment_overrides_pkey primary key (account_id, id),
        constraint enrollment_override_is_of_user foreign key (account_id, user_id)
          references users (account_id, id) on delete restrict,
        constraint enrollment_override_is_of_an_enrollment foreign key (account_id, enrollment_id)
          references enrollments (account_id, id) on delete restrict,
        constraint enrollment_override_is_of_a_program_row foreign key (account_id, program_progression_id)
          references program_progressions (account_id, id) on delete cascade,
        constraint enrollment_override_is_of_a_lift foreign key (account_id, lift_id)
          references lifts (account_id, id) on delete restrict,
        constraint enrollment_override_increment_is_positive check (increment > 0),
        constraint enrollment_override_bounds_are_in_order check (min_value <= max_value),
        constraint enrollment_override_is_off_or_changes_something
          check (is_off = (num_nonnulls(increment, min_value, max_value) = 0))
      )`);
    this.addSql(
      'create index enrollment_overrides_by_row on enrollment_overrides (account_id, program_progression_id)',
    );
    this.addSql(
      'create index enrollment_overrides_by_user on enrollment_overrides (account_id, user_id, id)',
    );
    // Made last: while the table is young, PostgreSQL prefers it among equals, and every event looks into it.
    this.addSql(`alter table enrollment_overrides add constraint enrollment_override_is_unique
      unique nulls not distinct (account_id, enrollment_id, program_progression_id, lift_id)`);
    this.addSql('grant select, insert, update, delete on enrollment_overrides to progression_app');
    this.addSql(`create policy own_account on enrollment_overrides
      using (account_id = ${ACCOUNT}) with check (account_id = ${ACCOUNT})`);
    this.addSql('alter table enrollment_overrides enable row level security, force row level security');
  }

  override down(): void {
    this.addSql('drop table enrollment_overrides');
  }
}
