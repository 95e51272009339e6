/** Automation: workflows, triggers, their runs, the log of events, and what waits for its time. */
import { Migration } from '@mikro-orm/migrations';

/**
 * What the application role may do with the new tables. Versions and verdicts only ever grow; what events say of an
 * athlete can be forgotten.
 */
const PRIVILEGES: readonly (readonly [table: string, privileges: string])[] = [
  ['automation_revisions', 'select, insert, update'],
  ['field_definitions', 'select, insert, update'],
  ['custom_event_types', 'select, insert, update'],
  ['workflows', 'select, insert, update'],
  ['workflow_versions', 'select, insert'],
  ['workflow_triggers', 'select, insert, update'],
  ['trigger_versions', 'select, insert'],
  ['trigger_activity', 'select, insert, update (ended_at)'],
  ['events', 'select, insert, update (outcomes, data, previous)'],
  ['trigger_execution_logs', 'select, insert, update (event_data, details)'],
  ['workflow_enrollments', 'select, insert, update'],
  ['action_executions', 'select, insert, update'],
  ['enrollment_caps', 'select, insert, update, delete'],
  ['workflow_holds', 'select, insert, update (held_at, released_at)'],
  ['dead_letters', 'select, insert, update'],
  ['time_cursors', 'select, insert, update, delete'],
  ['backfills', 'select, insert, update'],
];

/** What tells workers that something is due, of every account: where and when, never what. */
const DUE_COLUMNS: readonly (readonly [table: string, columns: string])[] = [
  ['outbox', 'account_id, partition, sequence, recorded_at, relayed_at, evaluated_at'],
  ['workflow_enrollments', 'account_id, id, state, due_at'],
  ['time_cursors', 'account_id, id, due_at'],
  ['backfills', 'account_id, id, due_at'],
  ['dead_letters', 'account_id, id, state, next_attempt_at'],
];

const ACCOUNT = `nullif(current_setting('progression.account_id', true), '')::uuid`;

export class Automation extends Migration {
  override up(): void {
    this.#extendUsers();
    this.#extendSets();
    this.#extendOutbox();
    this.#createConfiguration();
    this.#createEvents();
    this.#createRuns();
    this.#createWaiting();
    this.#confine();
  }

  #extendUsers(): void {
    this.addSql(`
      alter table users
        add column tags jsonb not null default '[]',
        add column attributes jsonb not null default '{}',
        add column opted_out_at timestamptz,
        add constraint user_tags_are_a_list check (jsonb_typeof(tags) = 'array'),
        add constraint user_attributes_are_an_object check (jsonb_typeof(attributes) = 'object')`);
  }

  // 30 times the repetition maximum that a set stands for, by Epley's formula: whether a set is a record is one look.
  #extendSets(): void {
    this.addSql(`create index logged_sets_by_estimate on logged_sets
      (account_id, user_id, lift_id, (weight * (30 + reps_performed)) desc)
      where kind <> 'WARM_UP' and reps_performed > 0`);
  }

  // An athlete's entries carry numbers that were drawn under the athlete's lock: among them, sequence order is the
  // order of acceptance. All entries of one athlete are in one partition.
  #extendOutbox(): void {
    this.addSql(`
      alter table outbox
        add column sequence bigint not null default nextval('acceptance_sequence'),
        add column partition smallint not null generated always as
          ((uuid_hash_extended(coalesce(user_id, account_id), 0) & 31)::smallint) stored,
        add column actor text not null default 'SYSTEM',
        add column cause jsonb,
        add column relayed_at timestamptz,
        add column evaluated_at timestamptz,
        add constraint outbox_actor_is_known check (actor in ('ATHLETE', 'COACH', 'AUTOMATION', 'SYSTEM', 'IMPORT'))`);
    // An entry is removed once it is evaluated and, where there is a bus to relay to, relayed. Each of the two goes from
    // one account of a partition to the next, so that nobody's backlog is in anybody's way.
    this.addSql(`create index outbox_to_evaluate on outbox (partition, account_id, sequence)
      where evaluated_at is null`);
    this.addSql(`create index outbox_to_relay on outbox (partition, account_id, sequence)
      where relayed_at is null`);
    // Rows live for moments: what they leave behind is cleared by count, not by share.
    this.addSql(`alter table outbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
      autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_scale_factor = 0,
      autovacuum_analyze_threshold = 100000)`);
    // What facts say of an athlete can be forgotten.
    this.addSql('grant update (relayed_at, evaluated_at, facts) on outbox to progression_app');
  }

  #createConfiguration(): void {
    // Counts the changes of an account's triggers: whoever knows a revision knows what is newer.
    this.addSql(`
      create table automation_revisions (
        account_id uuid not null,
        revision bigint not null,
        constraint automation_revisions_pkey primary key (account_id),
        constraint automation_revision_belongs_to_account foreign key (account_id)
          references accounts (id) on delete restrict
      ) with (fillfactor = 50)`);

    // The audit trail knows its targets by ids.
    this.addSql(`
      create table field_definitions (
        account_id uuid not null,
        path text not null,
        id uuid not null default gen_random_uuid(),
        type text not null,
        description text not null default '',
        is_personal boolean not null default false,
        created_at timestamptz not null default now(),
        constraint field_definitions_pkey primary key (account_id, path),
        constraint field_definition_belongs_to_account foreign key (account_id)
          references accounts (id) on delete restrict,
        constraint field_definition_type_is_known check
          (type in ('string', 'id', 'bool', 'int', 'decimal', 'date', 'timestamp', 'list'))
      )`);

    this.addSql(`
      create table custom_event_types (
        account_id uuid not null,
        slug text not null,
        id uuid not null default gen_random_uuid(),
        description text not null default '',
        fields jsonb not null default '[]',
        sample jsonb not null default '{}',
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint custom_event_types_pkey primary key (account_id, slug),
        constraint custom_event_type_belongs_to_account foreign key (account_id)
          references accounts (id) on delete restrict,
        constraint custom_event_type_fields_are_a_list check (jsonb_typeof(fields) = 'array')
      )`);

    this.addSql(`
      create table workflows (
        account_id uuid not null,
        id uuid not null,
        name text not null,
        description text not null default '',
        status text not null,
        actions jsonb not null default '[]',
        version integer not null,
        created_by text not null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        constraint workflows_pkey primary key (account_id, id),
        constraint workflow_belongs_to_account foreign key (account_id) references accounts (id) on delete restrict,
        constraint workflow_status_is_known check (status in ('DRAFT', 'ACTIVE', 'PAUSED', 'ARCHIVED')),
        constraint workflow_actions_are_a_list check (jsonb_typeof(actions) = 'array'),
        constraint workflow_version_starts_at_one check (version >= 1)
      )`);
    this.addSql('create index workflows_by_name on workflows (account_id, name, id)');

    // Runs keep the actions of the version they began with.
    this.addSql(`
      create table workflow_versions (
        account_id uuid not null,
        workflow_id uuid not null,
        version integer not null,
        name text not null,
        description text not null,
        status text not null,
        actions jsonb not null,
        action text not null,
        actor text not null,
        recorded_at timestamptz not null default now(),
        constraint workflow_versions_pkey primary key (account_id, workflow_id, version),
        constraint workflow_version_is_of_a_workflow foreign key (account_id, workflow_id)
          references workflows (account_id, id) on delete restrict
      )`);

    this.addSql(`
      create table workflow_triggers (
        account_id uuid not null,
        id uuid not null,
        workflow_id uuid not null,
        trigger_type varchar(50) not null,
        trigger_event varchar(100) not null,
        filters jsonb not null default '{}',
        settings jsonb not null default '{}',
        is_active boolean not null default true,
        version integer not null,
        revision bigint not null,
        created_by text not null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        deleted_at timestamptz,
        constraint workflow_triggers_pkey primary key (account_id, id),
        constraint trigger_is_of_a_workflow foreign key (account_id, workflow_id)
          references workflows (account_id, id) on delete restrict,
        constraint trigger_version_starts_at_one check (version >= 1)
      )`);
    this.addSql(`create unique index one_live_trigger_per_workflow on workflow_triggers (account_id, workflow_id)
      where deleted_at is null`);
    this.addSql(`create index workflow_triggers_by_event on workflow_triggers (account_id, trigger_event)
      where is_active and deleted_at is null`);
    this.addSql('create index workflow_triggers_by_workflow on workflow_triggers (account_id, workflow_id)');
    this.addSql('create index workflow_triggers_by_revision on workflow_triggers (account_id, revision)');
    this.addSql('create index workflow_triggers_by_time on workflow_triggers (account_id, created_at, id)');

    this.addSql(`
      create table trigger_versions (
        account_id uuid not null,
        trigger_id uuid not null,
        version integer not null,
        trigger_type varchar(50) not null,
        trigger_event varchar(100) not null,
        filters jsonb not null,
        settings jsonb not null,
        is_active boolean not null,
        deleted_at timestamptz,
        action text not null,
        actor text not null,
        recorded_at timestamptz not null default now(),
        constraint trigger_versions_pkey primary key (account_id, trigger_id, version),
        constraint trigger_version_is_of_a_trigger foreign key (account_id, trigger_id)
          references workflow_triggers (account_id, id) on delete restrict
      )`);

    // The spans in which a trigger took part: active, not deleted, in an ACTIVE workflow.
    this.addSql(`
      create table trigger_activity (
        account_id uuid not null,
        trigger_id uuid not null,
        began_at timestamptz not null,
        ended_at timestamptz,
        constraint trigger_activity_pkey primary key (account_id, trigger_id, began_at),
        constraint trigger_activity_is_of_a_trigger foreign key (account_id, trigger_id)
          references workflow_triggers (account_id, id) on delete restrict,
        constraint trigger_activity_ends_after_it_began check (ended_at >= began_at)
      )`);
    this.addSql(`create unique index one_open_activity_per_trigger on trigger_activity (account_id, trigger_id)
      where ended_at is null`);
  }

  // One row per fact, written when it is evaluated, with the outcome of every trigger that was a candidate. The
  // athlete has been checked when the fact was accepted: no foreign key, as each would lock the athlete's row again.
  // Facts about the configuration have no athlete, and no trigger is a candidate for them.
  // transaction_id orders the log for readers: what is older than every open transaction will never be added to.
  #createEvents(): void {
    this.addSql(`
      create table events (
        account_id uuid not null,
        id uuid not null,
        type varchar(100) not null,
        user_id uuid,
        occurred_at timestamptz not null,
        recorded_at timestamptz not null,
        sequence bigint not null,
        position smallint not null,
        actor text not null,
        data jsonb not null,
        previous jsonb,
        root_event_id uuid not null,
        causation_id uuid,
        depth smallint not null default 0,
        chain uuid[] not null default '{}',
        occurrence_key text,
        trigger_id uuid,
        outcomes jsonb not null default '[]',
        evaluated_at timestamptz not null,
        transaction_id xid8 not null default pg_current_xact_id(),
        constraint events_pkey primary key (account_id, id),
        constraint event_of_an_occurrence_has_a_trigger check ((occurrence_key is null) = (trigger_id is null)),
        constraint event_outcomes_are_a_list check (jsonb_typeof(outcomes) = 'array')
      )`);
    this.addSql(
      'create index events_by_transaction on events (account_id, transaction_id, sequence, position)',
    );
    this.addSql('create index events_by_time on events (account_id, recorded_at, sequence, position)');
    this.addSql('create index events_by_user on events (account_id, user_id, sequence, position)');
    this.addSql('create index events_by_type on events (account_id, type, recorded_at)');
    this.addSql(`create unique index occurrence_happens_once on events (account_id, trigger_id, user_id, occurrence_key)
      where occurrence_key is not null`);

    // What passed a filter, or failed in it. Rows outlive their trigger: no foreign key.
    this.addSql(`
      create table trigger_execution_logs (
        account_id uuid not null,
        id uuid not null,
        trigger_id uuid not null,
        trigger_version integer not null,
        workflow_id uuid not null,
        user_id uuid not null,
        event_id uuid,
        kind text not null,
        event_data jsonb not null,
        matched boolean not null,
        enrolled boolean not null,
        failure_reason text,
        enrollment_id uuid,
        details jsonb not null default '{}',
        executed_at timestamptz not null,
        constraint trigger_execution_logs_pkey primary key (account_id, id),
        constraint trigger_execution_kind_is_known check (kind in ('LIVE', 'TEST', 'REPLAY')),
        constraint trigger_execution_enrolled_what_matched check (matched or not enrolled)
      )`);
    this.addSql(`create index trigger_execution_logs_by_trigger on trigger_execution_logs
      (account_id, trigger_id, executed_at desc, id desc)`);
    // Athletes may ask for what is kept of them, and have it forgotten.
    this.addSql(
      'create index trigger_execution_logs_by_user on trigger_execution_logs (account_id, user_id)',
    );
    this.addSql(`create unique index trigger_decides_once_per_event on trigger_execution_logs
      (account_id, event_id, trigger_id) where kind <> 'TEST' and failure_reason is distinct from
      'ERROR'`);
  }

  #createRuns(): void {
    this.addSql(`
      create table workflow_enrollments (
        account_id uuid not null,
        id uuid not null,
        workflow_id uuid not null,
        workflow_version integer not null,
        trigger_id uuid not null,
        trigger_version integer not null,
        user_id uuid not null,
        event_id uuid,
        event jsonb not null default '{}',
        cause jsonb not null,
        state text not null,
        next_step integer not null default 0,
        attempts integer not null default 0,
        due_at timestamptz,
        enrolled_at timestamptz not null,
        recorded_at timestamptz not null,
        ended_at timestamptz,
        ended_reason text,
        constraint workflow_enrollments_pkey primary key (account_id, id),
        constraint workflow_enrollment_is_in_a_workflow foreign key (account_id, workflow_id, workflow_version)
          references workflow_versions (account_id, workflow_id, version) on delete restrict,
        constraint workflow_enrollment_belongs_to_user foreign key (account_id, user_id)
          references users (account_id, id) on delete restrict,
        constraint workflow_enrollment_state_is_known check
          (state in ('TRIGGERED', 'ACTIVE', 'QUEUED', 'COMPLETED', 'FAILED', 'CANCELLED')),
        constraint workflow_enrollment_is_due_until_it_ends check
          ((state in ('TRIGGERED', 'ACTIVE', 'QUEUED')) = (due_at is not null)),
        constraint workflow_enrollment_ends_once check
          ((state in ('COMPLETED', 'FAILED', 'CANCELLED')) = (ended_at is not null))
      ) with (fillfactor = 80)`);
    this.addSql(
      `create index workflow_enrollments_by_due on workflow_enrollments (due_at) where due_at is not null`,
    );
    this.addSql(`create index workflow_enrollments_by_athlete on workflow_enrollments
      (account_id, user_id, workflow_id, enrolled_at)`);
    this.addSql(`create index workflow_enrollments_by_workflow on workflow_enrollments
      (account_id, workflow_id, recorded_at, id)`);
    this.addSql(
      'create index workflow_enrollments_by_time on workflow_enrollments (account_id, recorded_at, id)',
    );
    this.addSql(`create unique index event_enrolls_once_per_trigger on workflow_enrollments
      (account_id, event_id, trigger_id) where event_id is not null`);

    this.addSql(`
      create table action_executions (
        account_id uuid not null,
        enrollment_id uuid not null,
        step integer not null,
        user_id uuid not null,
        action text not null,
        outcome text not null,
        attempts integer not null,
        reason text,
        executed_at timestamptz not null,
        constraint action_executions_pkey primary key (account_id, enrollment_id, step),
        constraint action_execution_is_of_an_enrollment foreign key (account_id, enrollment_id)
          references workflow_enrollments (account_id, id) on delete restrict,
        constraint action_execution_outcome_is_known check
          (outcome in ('DONE', 'NO_CHANGE', 'RETRYING', 'FAILED', 'WAITING'))
      )`);

    this.addSql('create index action_executions_by_user on action_executions (account_id, user_id)');

    this.addSql(`
      create table enrollment_caps (
        account_id uuid not null,
        name text not null,
        window_seconds bigint not null,
        window_began_at timestamptz not null,
        count integer not null,
        constraint enrollment_caps_pkey primary key (account_id, name, window_seconds, window_began_at),
        constraint enrollment_cap_belongs_to_account foreign key (account_id)
          references accounts (id) on delete restrict,
        constraint enrollment_cap_count_is_not_negative check (count >= 0)
      ) with (fillfactor = 50)`);

    // A hold that was released stays: what the athlete was enrolled for before that counts towards no other one.
    this.addSql(`
      create table workflow_holds (
        account_id uuid not null,
        workflow_id uuid not null,
        user_id uuid not null,
        held_at timestamptz not null,
        released_at timestamptz,
        constraint workflow_holds_pkey primary key (account_id, workflow_id, user_id),
        constraint workflow_hold_is_of_a_workflow foreign key (account_id, workflow_id)
          references workflows (account_id, id) on delete restrict,
        constraint workflow_hold_is_of_a_user foreign key (account_id, user_id)
          references users (account_id, id) on delete restrict
      )`);
  }

  #createWaiting(): void {
    this.addSql(`
      create table dead_letters (
        account_id uuid not null,
        id uuid not null,
        event_id uuid not null,
        trigger_id uuid,
        user_id uuid,
        event jsonb not null,
        state text not null,
        attempts integer not null,
        reason text not null,
        message text not null,
        first_failed_at timestamptz not null,
        last_failed_at timestamptz not null,
        next_attempt_at timestamptz,
        constraint dead_letters_pkey primary key (account_id, id),
        constraint dead_letter_belongs_to_account foreign key (account_id)
          references accounts (id) on delete restrict,
        constraint event_is_one_dead_letter_per_trigger unique nulls not distinct (account_id, event_id, trigger_id),
        constraint dead_letter_state_is_known check (state in ('RETRYING', 'DEAD', 'DISCARDED', 'RESOLVED')),
        constraint dead_letter_is_due_while_retrying check ((state = 'RETRYING') = (next_attempt_at is not null))
      )`);
    this.addSql(`create index dead_letters_by_due on dead_letters (next_attempt_at)
      where next_attempt_at is not null`);
    this.addSql(`create index dead_letters_by_state on dead_letters (state)
      where state in ('RETRYING', 'DEAD')`);
    this.addSql('create index dead_letters_by_user on dead_letters (account_id, user_id)');
    this.addSql('create index dead_letters_by_time on dead_letters (account_id, last_failed_at, id)');

    // When a time trigger looks at an athlete next; without an athlete, when it next goes through all of them.
    this.addSql(`
      create table time_cursors (
        account_id uuid not null,
        id uuid not null,
        trigger_id uuid not null,
        user_id uuid,
        occurrence_key text not null,
        planned_at timestamptz not null,
        due_at timestamptz not null,
        position uuid,
        constraint time_cursors_pkey primary key (account_id, id),
        constraint time_cursor_is_of_a_trigger foreign key (account_id, trigger_id)
          references workflow_triggers (account_id, id) on delete restrict,
        constraint one_time_cursor_per_trigger_and_user unique nulls not distinct (account_id, trigger_id, user_id)
      ) with (fillfactor = 80)`);
    this.addSql('create index time_cursors_by_due on time_cursors (due_at, account_id)');
    this.addSql(`create index time_cursors_of_triggers_by_due on time_cursors (due_at, account_id)
      where user_id is null`);
    this.addSql('create index time_cursors_by_user on time_cursors (account_id, user_id)');

    this.addSql(`
      create table backfills (
        account_id uuid not null,
        id uuid not null,
        workflow_id uuid not null,
        rate_per_minute integer not null,
        position uuid,
        enrolled_count integer not null default 0,
        due_at timestamptz,
        started_by text not null,
        started_at timestamptz not null,
        ended_at timestamptz,
        constraint backfills_pkey primary key (account_id, id),
        constraint backfill_is_of_a_workflow foreign key (account_id, workflow_id)
          references workflows (account_id, id) on delete restrict,
        constraint backfill_is_due_until_it_ends check ((due_at is null) = (ended_at is not null))
      )`);
    this.addSql('create index backfills_by_due on backfills (due_at) where due_at is not null');
  }

  #confine(): void {
    for (const [table, privileges] of PRIVILEGES) {
      this.addSql(`grant ${privileges} on ${table} to progression_app`);
      this.addSql(`
        create policy own_account on ${table} using (account_id = ${ACCOUNT}) with check (account_id = ${ACCOUNT})`);
      this.addSql(`alter table ${table} enable row level security, force row level security`);
    }
    // See the application role's beginnings: roles belong to the server, and whoever migrates may serve as well.
    this.addSql(`
      do $$ begin
        if not exists (select from pg_roles where rolname = 'progression_worker') then
          create role progression_worker nologin;
        end if;
      exception when duplicate_object or unique_violation then
        null;
      end $$`);
    this.addSql(`
      do $$ begin
        if not pg_has_role(current_user, 'progression_worker',
          case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end)
        then
          grant progression_worker to current_user;
        end if;
      exception when insufficient_privilege then
        null;
      end $$`);
    this.addSql('grant usage on schema public to progression_worker');
    for (const [table, columns] of DUE_COLUMNS) {
      this.addSql(`grant select (${columns}) on ${table} to progression_worker`);
      this.addSql(
        `create policy worker_sees_what_is_due on ${table} for select to progression_worker using (true)`,
      );
    }
  }

  /** The roles stay: other databases of the server may have given them rights. */
  override down(): void {
    for (const [table] of DUE_COLUMNS.toReversed()) {
      this.addSql(`drop policy worker_sees_what_is_due on ${table}`);
    }
    this.addSql('revoke all on outbox from progression_worker');
    this.addSql('revoke usage on schema public from progression_worker');
    for (const table of [
      'backfills',
      'time_cursors',
      'dead_letters',
      'workflow_holds',
      'enrollment_caps',
      'action_executions',
      'workflow_enrollments',
      'trigger_execution_logs',
      'events',
      'trigger_activity',
      'trigger_versions',
      'workflow_triggers',
      'workflow_versions',
      'workflows',
      'custom_event_types',
      'field_definitions',
      'automation_revisions',
    ]) {
      this.addSql(`drop table ${table}`);
    }
    this.addSql(`alter table outbox reset (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,
      autovacuum_vacuum_insert_threshold, autovacuum_analyze_scale_factor, autovacuum_analyze_threshold)`);
    this.addSql('revoke update (facts) on outbox from progression_app');
    this.addSql('drop index outbox_to_relay');
    this.addSql('drop index outbox_to_evaluate');
    this.addSql(`alter table outbox drop column evaluated_at, drop column relayed_at, drop column cause, drop column actor,
      drop column partition, drop column sequence`);
    this.addSql('drop index logged_sets_by_estimate');
    this.addSql('alter table users drop column opted_out_at, drop column attributes, drop column tags');
  }
}
