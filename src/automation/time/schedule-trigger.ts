/** Starts and ends a time trigger's cursors, in the transaction that changes the trigger. */

import type { JsonValue } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { createTicks } from './recurring.ts';
import { addCursors } from './time-cursors.ts';
import { readSchedule } from './time-triggers.ts';

/** The key of a trigger's own cursor, which passes over all athletes to create theirs. */
export const MAKING_CURSORS = '';

/**
 * For an activated trigger whose row has been flushed. Occurrences after `now` fire; earlier ones do not. The
 * scheduler creates the athletes' cursors page by page.
 */
export async function scheduleTrigger(
  tx: Transaction,
  trigger: { readonly id: string; readonly settings: unknown },
  now: Instant,
): Promise<void> {
  const schedule = readSchedule(trigger.settings as JsonValue);
  const own = { triggerId: trigger.id, userId: null };
  if (schedule.kind !== 'recurring_schedule') {
    await addCursors(tx, [{ ...own, occurrenceKey: MAKING_CURSORS, plannedAt: now }], 'REPLACE');
    return;
  }
  const tick = createTicks(schedule).next(now);
  if (tick !== undefined) {
    await addCursors(tx, [{ ...own, occurrenceKey: instantToText(tick), plannedAt: tick }], 'REPLACE');
  }
}

/** For a trigger that is no longer active, or whose schedule changed: removes its cursors. */
export async function unscheduleTrigger(
  { accountId, sql: db }: Transaction,
  triggerId: string,
): Promise<void> {
  // Cursors are created under the lock of the trigger's own cursor, so after its deletion the second
  // statement sees all of them.
  await sql`
    delete from time_cursors
    where account_id = ${accountId} and trigger_id = ${triggerId} and user_id is null`.execute(db);
  await sql`
    delete from time_cursors where account_id = ${accountId} and trigger_id = ${triggerId}`.execute(db);
}
