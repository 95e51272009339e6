/** Fires a recurring schedule for the athletes that its filter matches, one page at a time. */
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import { filterToSql, type SqlContext } from '../../filters/filter-to-sql.ts';
import { readStoredFilter } from '../../filters/read-filter.ts';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { type AccountTypes, loadAccountTypes } from '../event-types/account-types.ts';
import { athleteDocumentSql } from '../event-types/athlete-document.ts';
import { type AthletePage, readAthletePage } from './athlete-occurrences.ts';
import { writeOccurrences } from './occurrence-entries.ts';
import { createTicks, type Ticks } from './recurring.ts';
import { advanceCursor, moveCursors, removeCursors, type TimeCursor, timelinessOf } from './time-cursors.ts';
import type { RecurringSchedule } from './time-schedule.ts';
import type { TimeTrigger } from './time-triggers.ts';

type RecurringTrigger = TimeTrigger & { readonly schedule: RecurringSchedule };

/**
 * The trigger's cursor is locked and due. Ticks that were missed while no scheduler ran count as one, the
 * latest; a tick whose pass has started is finished. A filter that cannot be read skips the tick, and is
 * returned as an error.
 */
export async function fireRecurring(
  tx: Transaction,
  cursor: TimeCursor,
  trigger: RecurringTrigger,
  now: Instant,
  limits: Pick<Limits, 'timeCursorPageSize' | 'lateOccurrenceMs'>,
): Promise<Error | undefined> {
  const ticks = createTicks(trigger.schedule);
  const tick = cursor.position === null ? latestTick(ticks, cursor, now) : cursor.plannedAt;
  const page = await readAthletePage(tx, cursor.position, limits.timeCursorPageSize);
  const matching = await readMatching(tx, trigger, page, tick);
  const problem = matching instanceof Error ? matching : undefined;
  const occurrence = { key: instantToText(tick), plannedAt: tick };
  const isMissed = timelinessOf(tick, now, limits.lateOccurrenceMs) === 'MISSED';
  const userIds = matching instanceof Error ? [] : matching;
  await writeOccurrences(
    tx,
    userIds.map((userId) => ({ trigger, userId, occurrence, isMissed })),
    now,
  );
  if (page.position !== undefined && !problem) {
    const standpoint = { occurrenceKey: occurrence.key, plannedAt: tick };
    await advanceCursor(tx, cursor.id, standpoint, page.position);
  } else {
    await moveToNext(tx, cursor, ticks.next(tick));
  }
  return problem;
}

function moveToNext(tx: Transaction, { id }: TimeCursor, next: Instant | undefined): Promise<void> {
  return next === undefined
    ? removeCursors(tx, [id])
    : moveCursors(tx, [{ id, occurrenceKey: instantToText(next), plannedAt: next }]);
}

function latestTick(ticks: Ticks, { plannedAt }: TimeCursor, now: Instant): Instant {
  return ticks.last(plannedAt - 1n, now) ?? plannedAt;
}

/** The athletes of the page that the filter may match; conditions on the event are evaluated later. */
async function readMatching(
  tx: Transaction,
  trigger: RecurringTrigger,
  { userIds, zones }: AthletePage,
  now: Instant,
): Promise<readonly string[] | Error> {
  const types = await loadAccountTypes(tx);
  const timeZone = await readAccountZone(tx);
  const filter = filterOf(trigger, types, { now, timeZone, zones });
  if (filter instanceof Error) {
    return filter;
  }
  const { rows } = await sql<{ id: string }>`
    select athlete.id from (
      select u.id, ${athleteDocumentSql('u', { accountId: tx.accountId, fields: filter.fields, now })} as document from users u
      where u.account_id = ${tx.accountId} and u.id = any(${userIds}::uuid[])
      offset 0
    ) athlete
    where ${filter.predicate}
    order by athlete.id`.execute(tx.sql);
  return rows.map(({ id }) => id);
}

function filterOf({ id, event, filters }: RecurringTrigger, types: AccountTypes, context: SqlContext) {
  try {
    const eventType = types.eventType(event);
    if (!eventType) {
      throw new TypeError(`There is no event ${event}`);
    }
    const catalogue = types.fieldCatalogue(eventType);
    return filterToSql(readStoredFilter(filters), catalogue, sql`athlete.document`, context);
  } catch (error) {
    return new Error(`the filter of trigger ${id} cannot be read`, { cause: error });
  }
}

async function readAccountZone({ accountId, sql: db }: Transaction): Promise<string> {
  const { rows } = await sql<{ time_zone: string }>`
    select time_zone from accounts where id = ${accountId}`.execute(db);
  return rows[0]?.time_zone ?? 'UTC';
}
