/** The first schema: accounts, catalogue, lift maxes, the progression log, the request ledger and the outbox. */
import { Migration } from '@mikro-orm/migrations';

/**
 * Every primary, unique and foreign key starts with account_id, so that no row can point into another account and
 * the schema can be distributed by account. Constraints are named for the truth they state.
 */
export class ProgressionEngine extends Migration {
  override up(): void {
    this.addSql(`
      create domain weight as numeric(18, 6)
        constraint weight_is_not_negative check (value >= 0)`);

    this.addSql(`
      create table accounts (
        id uuid not null,
        name text not null default '',
        time_zone text not null default 'UTC',
        created_at timestamptz not null default now(),
        constraint accounts_pkey primary key (id)
      )`);

    this.addSql(`
      create table users (
        account_id uuid not null,
        id uuid not null,
        name text not null,
        time_zone text,
        birth_date date,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        deleted_at timestamptz,
        constraint users_pkey primary key (account_id, id),
        constraint user_belongs_to_account foreign key (account_id) references accounts (id) on delete restrict
      )`);
    this.addSql(`create index users_by_name on users (account_id, name, id) where deleted_at is null`);

    this.addSql(`
      create table lifts (
        account_id uuid not null,
        id uuid not null,
        slug text not null,
        name text not null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        deleted_at timestamptz,
        constraint lifts_pkey primary key (account_id, id),
        constraint lift_belongs_to_account foreign key (account_id) references accounts (id) on delete restrict
      )`);
    this.addSql(
      `create unique index live_lift_slug_is_unique on lifts (account_id, slug) where deleted_at is null`,
    );

    // revision counts every change of the program, its rows or their rules: what was read under a revision stays true.
    this.addSql(`
      create table programs (
        account_id uuid not null,
        id uuid not null,
        slug text not null,
        name text not null,
        description text not null default '',
        source text not null default '',
        unit text not null default '',
        weeks_per_cycle integer not null,
        sessions_per_week integer not null,
        days jsonb not null default '[]',
        revision bigint not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        deleted_at timestamptz,
        constraint programs_pkey primary key (account_id, id),
        constraint program_belongs_to_account foreign key (account_id) references accounts (id) on delete restrict,
        constraint program_unit_is_known check (unit in ('', 'KILOGRAM', 'POUND')),
        constraint program_cycle_has_weeks check (weeks_per_cycle >= 1),
        constraint program_week_has_sessions check (sessions_per_week >= 1)
      )`);
    this.addSql(
      `create unique index live_program_slug_is_unique on programs (account_id, slug) where deleted_at is null`,
    );

    this.addSql(`
      create table program_lifts (
        account_id uuid not null,
        program_id uuid not null,
        lift_id uuid not null,
        position integer not null,
        constraint program_lifts_pkey primary key (account_id, program_id, lift_id),
        constraint program_lift_belongs_to_program foreign key (account_id, program_id)
          references programs (account_id, id) on delete cascade,
        constraint program_lift_is_a_lift foreign key (account_id, lift_id)
          references lifts (account_id, id) on delete restrict
      )`);
    this.addSql(`create index program_lifts_by_lift on program_lifts (account_id, lift_id)`);

    this.addSql(`
      create table progressions (
        account_id uuid not null,
        id uuid not null,
        name text not null,
        type varchar(50) not null,
        parameters jsonb not null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        deleted_at timestamptz,
        constraint progressions_pkey primary key (account_id, id),
        constraint progression_belongs_to_account foreign key (account_id) references accounts (id) on delete restrict,
        constraint progression_parameters_are_an_object check (jsonb_typeof(parameters) = 'object')
      )`);

    this.addSql(`
      create table program_progressions (
        account_id uuid not null,
        id uuid not null,
        program_id uuid not null,
        progression_id uuid not null,
        lift_id uuid,
        priority integer not null,
        enabled boolean not null default true,
        override_increment weight,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint program_progressions_pkey primary key (account_id, id),
        constraint program_progression_belongs_to_program foreign key (account_id, program_id)
          references programs (account_id, id) on delete cascade,
        constraint program_progression_is_a_progression foreign key (account_id, progression_id)
          references progressions (account_id, id) on delete restrict,
        constraint program_progression_lift_is_in_program foreign key (account_id, program_id, lift_id)
          references program_lifts (account_id, program_id, lift_id) on delete restrict,
        constraint program_progression_is_unique unique nulls not distinct
          (account_id, program_id, progression_id, lift_id),
        constraint override_increment_is_positive check (override_increment > 0)
      )`);
    this.addSql(
      `create index program_progressions_by_progression on program_progressions (account_id, progression_id)`,
    );

    this.addSql(`
      create table enrollments (
        account_id uuid not null,
        id uuid not null,
        user_id uuid not null,
        program_id uuid not null,
        status text not null,
        started_at timestamptz not null default now(),
        ended_at timestamptz,
        constraint enrollments_pkey primary key (account_id, id),
        constraint enrollment_belongs_to_user foreign key (account_id, user_id)
          references users (account_id, id) on delete restrict,
        constraint enrollment_is_in_a_program foreign key (account_id, program_id)
          references programs (account_id, id) on delete restrict,
        constraint enrollment_status_is_known check (status in ('ACTIVE', 'PAUSED', 'QUIT', 'COMPLETED')),
        constraint enrollment_ends_when_not_active check ((status = 'ACTIVE') = (ended_at is null))
      )`);
    this.addSql(`create unique index one_active_enrollment_per_user on enrollments (account_id, user_id)
      where status = 'ACTIVE'`);
    this.addSql(`create index enrollments_by_user on enrollments (account_id, user_id, started_at)`);
    this.addSql(`create index enrollments_by_program on enrollments (account_id, program_id)`);

    // One order of acceptance for events and sets. Values of one user are drawn under that user's lock, so among
    // them sequence order is commit order.
    this.addSql(`create sequence acceptance_sequence as bigint`);

    // The idempotency ledger and the event store: one row per committed writing call.
    this.addSql(`
      create table requests (
        account_id uuid not null,
        method text not null,
        request_id uuid not null,
        fingerprint bytea not null,
        response bytea not null,
        user_id uuid,
        trigger_type varchar(50),
        trigger_key text,
        occurred_at timestamptz not null,
        recorded_at timestamptz not null default now(),
        sequence bigint not null default nextval('acceptance_sequence'),
        constraint requests_pkey primary key (account_id, method, request_id),
        constraint request_belongs_to_account foreign key (account_id) references accounts (id) on delete restrict,
        constraint request_is_of_user foreign key (account_id, user_id)
          references users (account_id, id) on delete restrict,
        constraint event_is_recorded_once unique (account_id, user_id, trigger_type, trigger_key),
        constraint event_has_user_type_and_key check (num_nonnulls(trigger_type, trigger_key) in (0, 2)
          and (trigger_key is null or user_id is not null))
      )`);

    this.addSql(`
      create table lift_maxes (
        account_id uuid not null,
        id uuid not null,
        user_id uuid not null,
        lift_id uuid not null,
        max_type varchar(50) not null,
        version integer not null,
        previous_version integer generated always as (nullif(version, 1) - 1) stored,
        value weight not null,
        source text not null,
        reason text not null default '',
        effective_at timestamptz not null,
        recorded_at timestamptz not null default now(),
        constraint lift_maxes_pkey primary key (account_id, id),
        constraint lift_max_version_is_unique unique (account_id, user_id, lift_id, max_type, version),
        constraint lift_max_version_follows_the_one_before
          foreign key (account_id, user_id, lift_id, max_type, previous_version)
          references lift_maxes (account_id, user_id, lift_id, max_type, version) on delete restrict,
        constraint lift_max_belongs_to_user foreign key (account_id, user_id)
          references users (account_id, id) on delete restrict,
        constraint lift_max_is_of_a_lift foreign key (account_id, lift_id)
          references lifts (account_id, id) on delete restrict,
        constraint lift_max_type_is_known check (max_type in ('ONE_RM', 'TRAINING_MAX', 'ESTIMATED_ONE_RM')),
        constraint lift_max_version_starts_at_one check (version >= 1),
        constraint lift_max_source_is_known check (source in ('MANUAL', 'PROGRESSION', 'REVERT'))
      )`);

    // A flush writes both tables in an order of its own, so that the version is looked for at commit.
    this.addSql(`
      create table progression_logs (
        account_id uuid not null,
        id uuid not null,
        user_id uuid not null,
        progression_id uuid not null,
        lift_id uuid not null,
        max_type varchar(50) not null,
        lift_max_version integer not null,
        previous_value weight not null,
        new_value weight not null,
        delta numeric(18, 6) not null,
        trigger_type varchar(50) not null,
        trigger_key text not null,
        trigger_context jsonb not null,
        session_id uuid,
        applied_at timestamptz not null,
        recorded_at timestamptz not null default now(),
        failures_before integer,
        stage_before integer,
        reverts_log_id uuid,
        constraint progression_logs_pkey primary key (account_id, id),
        constraint progression_applies_once_per_event unique
          (account_id, user_id, progression_id, lift_id, max_type, trigger_type, trigger_key),
        constraint progression_applies_once_per_instant unique
          (account_id, user_id, progression_id, lift_id, trigger_type, applied_at),
        constraint progression_log_made_a_lift_max
          foreign key (account_id, user_id, lift_id, max_type, lift_max_version)
          references lift_maxes (account_id, user_id, lift_id, max_type, version) on delete restrict
          deferrable initially deferred,
        constraint progression_log_belongs_to_user foreign key (account_id, user_id)
          references users (account_id, id) on delete restrict,
        constraint progression_log_is_of_a_progression foreign key (account_id, progression_id)
          references progressions (account_id, id) on delete restrict,
        constraint progression_log_is_of_a_lift foreign key (account_id, lift_id)
          references lifts (account_id, id) on delete restrict,
        constraint progression_log_reverts_a_log foreign key (account_id, reverts_log_id)
          references progression_logs (account_id, id) on delete restrict,
        constraint progression_log_delta_is_the_difference check (new_value = previous_value + delta),
        constraint progression_log_context_is_an_object check (jsonb_typeof(trigger_context) = 'object'),
        constraint progression_log_trigger_type_is_known check (trigger_type in
          ('AFTER_SESSION', 'AFTER_WEEK', 'AFTER_CYCLE', 'AFTER_SET', 'ON_FAILURE', 'MANUAL'))
      )`);
    this.addSql(
      `create index progression_logs_by_user_and_lift on progression_logs (account_id, user_id, lift_id, applied_at)`,
    );
    this.addSql(
      `create index progression_logs_by_time on progression_logs (account_id, user_id, applied_at, id)`,
    );
    this.addSql(`create unique index progression_log_is_reverted_once on progression_logs (account_id, reverts_log_id)
      where reverts_log_id is not null`);
    // What sets did in a session decides what the session's end may do.
    this.addSql(`create index progression_logs_of_sets on progression_logs (account_id, user_id, session_id)
      where trigger_type in ('AFTER_SET', 'ON_FAILURE')`);

    this.addSql(`
      create table logged_sets (
        account_id uuid not null,
        id uuid not null,
        user_id uuid not null,
        session_id uuid not null,
        lift_id uuid not null,
        set_number integer not null,
        kind text not null,
        weight weight not null,
        target_reps integer not null,
        reps_performed integer not null,
        rpe numeric(3, 1),
        performed_at timestamptz not null,
        recorded_at timestamptz not null default now(),
        sequence bigint not null default nextval('acceptance_sequence'),
        constraint logged_sets_pkey primary key (account_id, id),
        constraint set_is_logged_once unique (account_id, user_id, session_id, lift_id, set_number),
        constraint logged_set_belongs_to_user foreign key (account_id, user_id)
          references users (account_id, id) on delete restrict,
        constraint logged_set_is_of_a_lift foreign key (account_id, lift_id)
          references lifts (account_id, id) on delete restrict,
        constraint logged_set_kind_is_known check (kind in ('WARM_UP', 'WORK', 'AMRAP')),
        constraint logged_set_number_starts_at_one check (set_number >= 1),
        constraint logged_set_reps_are_not_negative check (target_reps >= 0 and reps_performed >= 0),
        constraint logged_set_rpe_is_at_most_ten check (rpe between 0 and 10)
      )`);
    this.addSql(
      `create index logged_sets_by_acceptance on logged_sets (account_id, user_id, lift_id, sequence)`,
    );

    this.addSql(`
      create table failure_counters (
        account_id uuid not null,
        user_id uuid not null,
        lift_id uuid not null,
        progression_id uuid not null,
        consecutive_failures integer not null,
        last_failure_at timestamptz,
        last_success_at timestamptz,
        constraint failure_counters_pkey primary key (account_id, user_id, lift_id, progression_id),
        constraint failure_counter_belongs_to_user foreign key (account_id, user_id)
          references users (account_id, id) on delete restrict,
        constraint failure_counter_is_of_a_lift foreign key (account_id, lift_id)
          references lifts (account_id, id) on delete restrict,
        constraint failure_counter_is_of_a_progression foreign key (account_id, progression_id)
          references progressions (account_id, id) on delete restrict,
        constraint failure_counter_is_not_negative check (consecutive_failures >= 0)
      ) with (fillfactor = 80)`);

    this.addSql(`
      create table progression_states (
        account_id uuid not null,
        user_id uuid not null,
        lift_id uuid not null,
        progression_id uuid not null,
        stage integer not null,
        constraint progression_states_pkey primary key (account_id, user_id, lift_id, progression_id),
        constraint progression_state_belongs_to_user foreign key (account_id, user_id)
          references users (account_id, id) on delete restrict,
        constraint progression_state_is_of_a_lift foreign key (account_id, lift_id)
          references lifts (account_id, id) on delete restrict,
        constraint progression_state_is_of_a_progression foreign key (account_id, progression_id)
          references progressions (account_id, id) on delete restrict,
        constraint progression_state_stage_is_not_negative check (stage >= 0)
      ) with (fillfactor = 80)`);

    // One row per accepted event, with every fact that followed from it; relayed and then removed.
    this.addSql(`
      create table outbox (
        account_id uuid not null,
        id uuid not null,
        user_id uuid,
        facts jsonb not null,
        occurred_at timestamptz not null,
        recorded_at timestamptz not null default now(),
        constraint outbox_pkey primary key (account_id, id),
        constraint outbox_belongs_to_account foreign key (account_id) references accounts (id) on delete restrict,
        constraint outbox_facts_are_a_list check (jsonb_typeof(facts) = 'array')
      )`);

    this.addSql(`
      create table audit_log (
        account_id uuid not null,
        id uuid not null,
        action text not null,
        actor text not null,
        target_type text not null,
        target_id uuid not null,
        user_id uuid,
        reason text not null default '',
        before jsonb,
        after jsonb,
        recorded_at timestamptz not null default now(),
        constraint audit_log_pkey primary key (account_id, id),
        constraint audit_log_belongs_to_account foreign key (account_id) references accounts (id) on delete restrict
      )`);
    this.addSql(`create index audit_log_by_target on audit_log (account_id, target_id, recorded_at)`);
  }

  override down(): void {
    for (const table of [
      'audit_log',
      'outbox',
      'progression_states',
      'failure_counters',
      'logged_sets',
      'progression_logs',
      'lift_maxes',
      'requests',
      'enrollments',
      'program_progressions',
      'progressions',
      'program_lifts',
      'programs',
      'lifts',
      'users',
      'accounts',
    ]) {
      this.addSql(`drop table ${table}`);
    }
    this.addSql('drop sequence acceptance_sequence');
    this.addSql('drop domain weight');
  }
}
