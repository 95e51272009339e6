/**
 * Accounts with athletes and time triggers, written straight into the tables, and what the scheduler made of
 * them.
 */
import { create, type MessageInitShape, toJson } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { scheduleTrigger } from '../../../src/automation/time/reschedule.ts';
import { createScheduler, type Scheduler } from '../../../src/automation/time/scheduler.ts';
import { type Limits, readConfig } from '../../../src/config/config.ts';
import { TimeSettingsSchema, TriggerSettingsSchema } from '../../../src/gen/automation/v1/trigger_pb.ts';
import type { Database, Transaction } from '../../../src/store/database.ts';
import type { Fact } from '../../../src/store/entities/outbox-entry.ts';
import { type Instant, instantFromText } from '../../../src/values/instant.ts';
import { readRows } from '../../store/schema-dump.ts';

export type Schedule = NonNullable<MessageInitShape<typeof TimeSettingsSchema>['schedule']>;

export const { limits: LIMITS } = readConfig({});

export const at = (text: string): Instant =>
  instantFromText(`${text}${text.length === 10 ? 'T00:00:00' : ''}Z`);

/** A fixed clock that tests set. */
export class TestClock {
  now: Instant;

  constructor(text: string) {
    this.now = at(text);
  }

  set(text: string): void {
    this.now = at(text);
  }
}

export interface AthleteInput {
  readonly id?: string;
  readonly birthDate?: string | null;
  readonly timeZone?: string | null;
  readonly attributes?: Record<string, unknown>;
  readonly tags?: readonly string[];
  readonly createdAt?: string;
}

/** One account and what its tests do to it. */
export class TimeAccount {
  readonly database: Database;
  readonly accountId: string;
  readonly clock: TestClock;
  /** What the scheduler reported. */
  readonly errors: unknown[] = [];

  constructor(database: Database, now: string, accountId = uuidv7()) {
    this.database = database;
    this.accountId = accountId;
    this.clock = new TestClock(now);
  }

  run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.database.transaction(this.accountId, work);
  }

  async open(timeZone = 'UTC'): Promise<this> {
    await this.database.ensureAccount(this.accountId);
    await this.change(sql`update accounts set time_zone = ${timeZone} where id = ${this.accountId}`);
    return this;
  }

  /** As the owner of the tables. */
  async change(statement: ReturnType<typeof sql>): Promise<void> {
    await readRows(this.database, statement);
  }

  /** Their ids, in order. */
  async addAthletes(athletes: readonly AthleteInput[]): Promise<string[]> {
    const ids = athletes.map(({ id }) => id ?? uuidv7());
    await this.change(sql`
      insert into users (account_id, id, name, birth_date, time_zone, attributes, tags, created_at, updated_at)
      select ${this.accountId}::uuid, *, created_at from unnest(
        ${ids}::uuid[],
        ${athletes.map(() => 'A')}::text[],
        ${athletes.map(({ birthDate }) => birthDate ?? null)}::date[],
        ${athletes.map(({ timeZone }) => timeZone ?? null)}::text[],
        ${athletes.map(({ attributes }) => JSON.stringify(attributes ?? {}))}::jsonb[],
        ${athletes.map(({ tags }) => JSON.stringify(tags ?? []))}::jsonb[],
        ${athletes.map(({ createdAt }) => createdAt ?? '2020-01-01T00:00:00Z')}::timestamptz[]
      ) as added (id, name, birth_date, time_zone, attributes, tags, created_at)`);
    return ids;
  }

  async addAthlete(athlete: AthleteInput): Promise<string> {
    const [id = ''] = await this.addAthletes([athlete]);
    return id;
  }

  async defineField(path: string, type: string): Promise<void> {
    await this.change(sql`
      insert into field_definitions (account_id, path, type) values (${this.accountId}, ${path}, ${type})`);
  }

  /** Of an ACTIVE workflow, and scheduled now. */
  addTrigger(schedule: Schedule, filters: object = {}): Promise<{ id: string; settings: unknown }> {
    const settings = settingsOf(schedule);
    const [workflowId, id] = [uuidv7(), uuidv7()];
    return this.run(async (tx) => {
      await sql`
        insert into workflows (account_id, id, name, status, version, created_by)
        values (${this.accountId}, ${workflowId}, 'W', 'ACTIVE', 1, 'test')`.execute(tx.sql);
      await sql`
        insert into workflow_triggers (account_id, id, workflow_id, trigger_type, trigger_event, filters, settings,
          version, revision, created_by)
        values (${this.accountId}, ${id}, ${workflowId}, 'time', ${eventOf(schedule)}, ${JSON.stringify(filters)},
          ${JSON.stringify(settings)}, 1, 1, 'test')`.execute(tx.sql);
      await scheduleTrigger(tx, { id, settings }, this.clock.now);
      return { id, settings };
    });
  }

  async setStatus(triggerId: string, status: 'ACTIVE' | 'PAUSED'): Promise<void> {
    await this.change(sql`
      update workflows w set status = ${status} from workflow_triggers t
      where t.account_id = w.account_id and t.workflow_id = w.id and t.id = ${triggerId}`);
  }

  scheduler(limits: Partial<Limits> = {}, database = this.database): Scheduler {
    return createScheduler({
      database,
      clock: () => this.clock.now,
      limits: { ...LIMITS, ...limits },
      reportError: (error) => this.errors.push(error),
    });
  }

  /** Until nothing is due. */
  async runAll(limits: Partial<Limits> = {}): Promise<void> {
    const scheduler = this.scheduler(limits);
    while (await scheduler.runOnce()) {
      // There is more.
    }
  }

  /** The entries of the outbox that wait, in the order of their events, which are then taken out. */
  async takeFired(): Promise<FiredEntry[]> {
    const rows = await readRows<FiredEntry>(
      this.database,
      sql`delete from outbox where account_id = ${this.accountId}
          returning id, user_id as "userId", facts, actor, cause,
            to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') as "occurredAt"`,
    );
    return rows.sort((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1));
  }

  /** `user key planned` of every cursor, the trigger's own under `-`. */
  async cursors(names: Readonly<Record<string, string>> = {}): Promise<string[]> {
    const rows = await readRows<{ user_id: string | null; occurrence_key: string; planned_at: string }>(
      this.database,
      sql`select user_id, occurrence_key, to_char(planned_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI') as planned_at
          from time_cursors where account_id = ${this.accountId} order by planned_at, user_id`,
    );
    return rows.map((row) => {
      const user = row.user_id === null ? '-' : (names[row.user_id] ?? row.user_id);
      return `${user} ${row.occurrence_key} ${row.planned_at}`;
    });
  }
}

export interface FiredEntry {
  readonly id: string;
  readonly userId: string;
  readonly facts: readonly Fact[];
  readonly actor: string;
  readonly cause: unknown;
  readonly occurredAt: string;
}

function sortKey({ occurredAt, userId }: FiredEntry): string {
  return `${occurredAt} ${userId}`;
}

/** As workflow_triggers keeps it. */
export function settingsOf(schedule: Schedule): unknown {
  const time = create(TimeSettingsSchema, { schedule });
  return toJson(TriggerSettingsSchema, create(TriggerSettingsSchema, { time }));
}

function eventOf({ case: name }: Schedule): string {
  return `${name}`.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export function birthday(change: object = {}): Schedule {
  return { case: 'birthday', value: { at: '09:00', ...change } };
}

export function daily(at = '06:00', timeZone = 'UTC'): Schedule {
  const [hour = '', minute = ''] = at.split(':');
  const value = `${Number(minute)} ${Number(hour)} * * *`;
  return { case: 'recurringSchedule', value: { timeZone, recurrence: { case: 'cron', value } } };
}

/** Athletes with ids in order, so that tests know which page is whose. */
export function idOf(index: number): string {
  return `01900000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`;
}
