/** Reads the active time triggers of an account, with their schedules. */
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { TriggerSettingsSchema } from '../../gen/automation/v1/trigger_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { isTimeZone } from '../../values/zoned.ts';
import { createTicks } from './recurring.ts';
import { readTimeSettings, type TimeSchedule } from './time-schedule.ts';

export interface TimeTrigger {
  readonly id: string;
  /** The name of its event. */
  readonly event: string;
  /** As stored; see readStoredFilter. */
  readonly filters: JsonValue;
  readonly schedule: TimeSchedule;
}

export interface TimeTriggers {
  /** By id. */
  readonly live: ReadonlyMap<string, TimeTrigger>;
  /** Errors of active triggers that cannot be read. */
  readonly problems: readonly Error[];
}

interface TriggerRow {
  id: string;
  trigger_event: string;
  filters: JsonValue;
  settings: JsonValue;
}

/** The active ones of these ids: not deleted, in an ACTIVE workflow. */
export function readTimeTriggers(tx: Transaction, ids: readonly string[]): Promise<TimeTriggers> {
  return read(tx, sql<SqlBool>`t.id = any(${[...new Set(ids)]}::uuid[])`);
}

/** All active ones that have times of their own for each athlete. */
export function readAthleteTriggers(tx: Transaction): Promise<TimeTriggers> {
  return read(
    tx,
    sql<SqlBool>`t.trigger_event in ('birthday', 'anniversary', 'scheduled_date', 'athlete_inactive')`,
  );
}

async function read(
  { accountId, sql: db }: Transaction,
  condition: RawBuilder<SqlBool>,
): Promise<TimeTriggers> {
  const { rows } = await sql<TriggerRow>`
    select t.id, t.trigger_event, t.filters, t.settings
    from workflow_triggers t
    join workflows w on w.account_id = t.account_id and w.id = t.workflow_id
    where t.account_id = ${accountId} and t.settings ? 'time' and t.is_active and t.deleted_at is null
      and w.status = 'ACTIVE' and ${condition}
    order by t.id`.execute(db);
  const live = new Map<string, TimeTrigger>();
  const problems: Error[] = [];
  for (const row of rows) {
    try {
      live.set(row.id, timeTriggerOf(row));
    } catch (error) {
      problems.push(new Error(`the schedule of trigger ${row.id} cannot be read`, { cause: error }));
    }
  }
  return { live, problems };
}

function timeTriggerOf({ id, trigger_event: event, filters, settings }: TriggerRow): TimeTrigger {
  return { id, event, filters, schedule: readSchedule(settings) };
}

/**
 * The schedule in a trigger's stored settings. Throws for damaged settings, and for a time zone that no
 * longer exists.
 */
export function readSchedule(settings: JsonValue): TimeSchedule {
  const { time } = fromJson(TriggerSettingsSchema, settings);
  if (!time) {
    throw new TypeError('The settings have no time');
  }
  const schedule = readTimeSettings(time);
  if (schedule.kind === 'recurring_schedule') {
    if (!isTimeZone(schedule.zone)) {
      throw new TypeError(`There is no time zone ${schedule.zone}`);
    }
    createTicks(schedule);
  }
  return schedule;
}
