/** Foreign keys of versions and of the log that other keys imply go: an event makes half as many look-ups. */
import { Migration } from '@mikro-orm/migrations';

export class ImpliedKeys extends Migration {
  override up(): void {
    // Version n + 1 of a max refers to version n of the same athlete, lift and type, down to version 1: only that
    // one still asks for the athlete and the lift. A key with a null in it is not looked up.
    this.addSql(`alter table lift_maxes
      add column first_user_id uuid generated always as (case when version = 1 then user_id end) stored,
      add column first_lift_id uuid generated always as (case when version = 1 then lift_id end) stored,
      drop constraint lift_max_belongs_to_user,
      drop constraint lift_max_is_of_a_lift`);
    // For the deletion of an athlete or a lift.
    this.addSql(`create index lift_maxes_of_user on lift_maxes (account_id, first_user_id)
      where first_user_id is not null`);
    this.addSql(`create index lift_maxes_of_lift on lift_maxes (account_id, first_lift_id)
      where first_lift_id is not null`);
    this.addSql(`alter table lift_maxes
      add constraint lift_max_belongs_to_user foreign key (account_id, first_user_id)
        references users (account_id, id) on delete restrict,
      add constraint lift_max_is_of_a_lift foreign key (account_id, first_lift_id)
        references lifts (account_id, id) on delete restrict`);
    // A row of the log refers to the version that it made, by athlete, lift and type.
    this.addSql(`alter table progression_logs
      drop constraint progression_log_belongs_to_user,
      drop constraint progression_log_is_of_a_lift`);
  }

  override down(): void {
    this.addSql(`alter table progression_logs
      add constraint progression_log_belongs_to_user foreign key (account_id, user_id)
        references users (account_id, id) on delete restrict,
      add constraint progression_log_is_of_a_lift foreign key (account_id, lift_id)
        references lifts (account_id, id) on delete restrict`);
    this.addSql(`alter table lift_maxes
      drop constraint lift_max_belongs_to_user,
      drop constraint lift_max_is_of_a_lift,
      drop column first_user_id,
      drop column first_lift_id`);
    this.addSql(`alter table lift_maxes
      add constraint lift_max_belongs_to_user foreign key (account_id, user_id)
        references users (account_id, id) on delete restrict,
      add constraint lift_max_is_of_a_lift foreign key (account_id, lift_id)
        references lifts (account_id, id) on delete restrict`);
  }
}
