/** Begins and ends the keeping of a time trigger's cursors, in the transaction that changes the trigger. */

import type { JsonValue } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { createTicks } from './recurring.ts';
import { addCursors } from './time-cursors.ts';
import { readSchedule } from './time-triggers.ts';

/** The key of a cursor that goes through the athletes to make theirs. */
export const MAKING_CURSORS = '';

/**
 * For a trigger that takes part from now on; its row has been flushed. What is planned after `now` fires, and nothing
 * before. Athletes' own cursors follow in pages, made by the scheduler.
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

/** For a trigger that no longer takes part, or not as before: nothing of it is planned any more. */
export async function unscheduleTrigger(
  { accountId, sql: db }: Transaction,
  triggerId: string,
): Promise<void> {
  // Whoever makes cursors holds the trigger's own: once that is gone, the second statement sees all that were made.
  await sql`
    delete from time_cursors
    where account_id = ${accountId} and trigger_id = ${triggerId} and user_id is null`.execute(db);
  await sql`
    delete from time_cursors where account_id = ${accountId} and trigger_id = ${triggerId}`.execute(db);
}
