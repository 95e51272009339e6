/**
 * The occurrences of a trigger for an athlete, from the current value of the athlete's date field; and the
 * pages of an account's athletes.
 */
import { sql } from 'kysely';
import type { JsonObject } from '../../filters/filter.ts';
import { readValueAt } from '../../filters/filter-subject.ts';
import { readDate, readInstant } from '../../filters/typed-values.ts';
import type { Transaction } from '../../store/database.ts';
import type { Instant } from '../../values/instant.ts';
import type { Subject } from '../evaluation/load-subjects.ts';
import { type AccountTypes, loadAccountTypes } from '../event-types/account-types.ts';
import { createInactivity, loadPauses, type Pause } from './inactivity.ts';
import {
  createAnniversaries,
  createBirthdays,
  createScheduledDate,
  type DateValue,
  isOnCalendars,
  type Occurrences,
} from './occurrence.ts';
import type { DateSchedule } from './time-schedule.ts';
import type { TimeTrigger } from './time-triggers.ts';

export interface AthletePage {
  readonly userIds: readonly string[];
  /** The time zones of these athletes. */
  readonly zones: readonly string[];
  /** The start of the next page; undefined on the last one. */
  readonly position: string | undefined;
}

/** Athletes after the position that are not deleted. */
export async function readAthletePage(
  { accountId, sql: db }: Transaction,
  position: string | null,
  limit: number,
): Promise<AthletePage> {
  const { rows } = await sql<{ id: string; time_zone: string | null }>`
    select id, time_zone from users
    where account_id = ${accountId} and deleted_at is null
      and id > coalesce(${position}::uuid, '00000000-0000-0000-0000-000000000000')
    order by id
    limit ${limit}`.execute(db);
  const zones = new Set(rows.map((row) => row.time_zone).filter((zone) => zone !== null));
  return {
    userIds: rows.map(({ id }) => id),
    zones: [...zones],
    position: rows.length < limit ? undefined : rows.at(-1)?.id,
  };
}

/**
 * undefined when the athlete does not exist or has no such date, or the trigger does not depend on a date.
 */
export type AthleteOccurrences = (
  trigger: TimeTrigger,
  subject: Subject | undefined,
) => Occurrences | undefined;

/** Reads the account's own fields, and the athletes' sessions, only when one of the triggers may use them. */
export async function loadAthleteOccurrences(
  tx: Transaction,
  triggers: Iterable<TimeTrigger>,
  { userIds, now }: { readonly userIds: readonly string[]; readonly now: Instant },
): Promise<AthleteOccurrences> {
  const schedules = [...triggers].map(({ schedule }) => schedule);
  const types = schedules.some((each) => 'field' in each) ? await loadAccountTypes(tx) : undefined;
  const pauses = schedules.some(({ kind }) => kind === 'athlete_inactive')
    ? await loadPauses(tx, userIds, now)
    : new Map<string, Pause>();
  return (trigger, subject) => {
    const { schedule } = trigger;
    if (!subject || subject.deletedAt !== null || schedule.kind === 'recurring_schedule') {
      return undefined;
    }
    if (schedule.kind === 'athlete_inactive') {
      const pause = pauses.get(subject.userId);
      return pause && createInactivity(schedule, pause, subject.timeZone);
    }
    const value = dateValueOf(trigger, subject.document, types);
    return value && createOccurrences(schedule, value, subject.timeZone);
  };
}

function dateValueOf(
  { event, schedule }: TimeTrigger,
  document: JsonObject,
  types: AccountTypes | undefined,
): DateValue | undefined {
  if (!('field' in schedule)) {
    return readAs('date', document, ['birth_date']);
  }
  const eventType = types?.eventType(event);
  const field = eventType && types?.fieldCatalogue(eventType).resolve(schedule.field);
  return field && readAs(field.type, document, field.path);
}

function readAs(type: string, document: JsonObject, path: readonly string[]): DateValue | undefined {
  const value = readValueAt(document, path);
  if (type === 'date') {
    const date = readDate(value);
    return date === undefined ? undefined : { kind: 'date', date };
  }
  const instant = type === 'timestamp' ? readInstant(value) : undefined;
  return instant === undefined ? undefined : { kind: 'timestamp', instant };
}

/**
 * `value` is the field's value, for a birthday the date of birth; `zone` is the athlete's time zone.
 * undefined for timestamps at the ends of the calendar, and for birthdays of timestamps.
 */
export function createOccurrences(schedule: DateSchedule, value: DateValue, zone: string): Occurrences {
  if (value.kind === 'timestamp' && !isOnCalendars(value.instant)) {
    return NO_OCCURRENCES;
  }
  switch (schedule.kind) {
    case 'birthday':
      return value.kind === 'date' ? createBirthdays(schedule, value.date, zone) : NO_OCCURRENCES;
    case 'anniversary':
      return createAnniversaries(schedule, value, zone);
    case 'scheduled_date':
      return createScheduledDate(schedule, value, zone);
  }
}

const NO_OCCURRENCES: Occurrences = { next: () => undefined, ofKey: () => undefined };
