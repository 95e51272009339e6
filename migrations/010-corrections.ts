/** What was wrong can be put right: sets change with a trace, events are undone and decided again. */
import { Migration } from '@mikro-orm/migrations';

/** No setting, or an empty one, is no account: nothing equals null. */
const ACCOUNT = `nullif(current_setting('progression.account_id', true), '')::uuid`;

/**
 * `is_reverted` is set when another row reverts the row: of one event, a rule has at most one application that stands.
 * `base_sequence` is the position in the order of acceptance from which a counter or a stage follows from events alone,
 * and `base_…` what it was there; null: since the enrollment began or was last resumed, from 0. What is older than these
 * columns is taken as it is. `lift_maxes.sequence` orders versions among events and sets; it is 0 for older ones.
 */
export class Corrections extends Migration {
  override up(): void {
    this.addSql(`alter table progression_logs add column is_reverted boolean not null default false`);
    this.#updateAll(
      'progression_logs',
      `is_reverted = true from progression_logs r
        where r.account_id = progression_logs.account_id and r.reverts_log_id = progression_logs.id`,
    );
    this.addSql('alter table progression_logs drop constraint progression_applies_once_per_event');
    this.addSql(`create unique index progression_applies_once_per_event on progression_logs
      (account_id, user_id, progression_id, lift_id, max_type, trigger_type, trigger_key) where not is_reverted`);
    this.addSql('grant update (is_reverted) on progression_logs to progression_app');

    this.addSql('alter table lift_maxes add column sequence bigint not null default 0');
    this.addSql(`alter table lift_maxes alter column sequence set default nextval('acceptance_sequence')`);

    this.addSql(`alter table failure_counters drop column reset_at,
      add column base_failures integer not null default 0, add column base_sequence bigint`);
    this.#updateAll(
      'failure_counters',
      `base_failures = consecutive_failures, base_sequence = nextval('acceptance_sequence')`,
    );
    this.addSql(`alter table progression_states drop column set_at,
      add column base_stage integer not null default 0, add column base_sequence bigint`);
    this.#updateAll(
      'progression_states',
      `base_stage = stage, base_sequence = nextval('acceptance_sequence')`,
    );

    // An event that is undone gives up its identity, and a session may be completed again with more lifts.
    this.addSql('grant update (trigger_type, trigger_key, detail) on requests to progression_app');
    this.addSql('grant update, delete on logged_sets to progression_app');
    this.addSql(`
      create table set_corrections (
        account_id uuid not null,
        id uuid not null,
        user_id uuid not null,
        session_id uuid not null,
        lift_id uuid not null,
        set_number integer not null,
        before jsonb not null,
        after jsonb,
        reason text not null,
        actor text not null,
        recorded_at timestamptz not null,
        constraint set_corrections_pkey primary key (account_id, id),
        constraint set_correction_is_of_user foreign key (account_id, user_id)
          references users (account_id, id) on delete restrict,
        constraint set_correction_is_of_a_lift foreign key (account_id, lift_id)
          references lifts (account_id, id) on delete restrict,
        constraint set_correction_tells_a_set
          check (jsonb_typeof(before) = 'object' and coalesce(jsonb_typeof(after), 'object') = 'object')
      )`);
    this.addSql(
      'create index set_corrections_by_user on set_corrections (account_id, user_id, recorded_at, id)',
    );
    this.addSql(
      'create index set_corrections_by_session on set_corrections (account_id, user_id, session_id)',
    );
    this.addSql('grant select, insert, update (reason) on set_corrections to progression_app');
    this.addSql(`create policy own_account on set_corrections
      using (account_id = ${ACCOUNT}) with check (account_id = ${ACCOUNT})`);
    this.addSql('alter table set_corrections enable row level security, force row level security');
  }

  override down(): void {
    this.addSql('drop table set_corrections');
    this.addSql('revoke update, delete on logged_sets from progression_app');
    this.addSql('revoke update (trigger_type, trigger_key, detail) on requests from progression_app');
    this.addSql(`alter table progression_states drop column base_stage, drop column base_sequence,
      add column set_at timestamptz`);
    this.addSql(`alter table failure_counters drop column base_failures, drop column base_sequence,
      add column reset_at timestamptz`);
    this.addSql('alter table lift_maxes drop column sequence');
    this.addSql('drop index progression_applies_once_per_event');
    this.addSql('revoke update (is_reverted) on progression_logs from progression_app');
    this.addSql('alter table progression_logs drop column is_reverted');
    this.addSql(`alter table progression_logs add constraint progression_applies_once_per_event unique
      (account_id, user_id, progression_id, lift_id, max_type, trigger_type, trigger_key)`);
  }

  /** Rows of every account: the owner is under their policies as well while these are forced. */
  #updateAll(table: string, change: string): void {
    this.addSql(`alter table ${table} no force row level security`);
    this.addSql(`update ${table} set ${change}`);
    this.addSql(`alter table ${table} force row level security`);
  }
}
