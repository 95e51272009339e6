/** Takes what is due in one account a page further, each page in a transaction of its own. */
import type { Limits } from '../../config.ts';
import { failpoint } from '../../failpoints.ts';
import type { Instant } from '../../instant.ts';
import type { Transaction } from '../../store/database.ts';
import { fireAthleteCursors } from './fire-athlete-cursors.ts';
import { fireRecurring } from './fire-recurring.ts';
import { makeCursors } from './make-cursors.ts';
import { lockDueCursors, lockDueTriggerCursor, removeCursors } from './time-cursors.ts';
import { readTimeTriggers } from './time-triggers.ts';

export interface TakenPage {
  /** Something was due; more may be. */
  readonly hasMore: boolean;
  /** What is wrong with triggers whose cursors came up. */
  readonly problems: readonly Error[];
}

const NOTHING_DUE: TakenPage = { hasMore: false, problems: [] };

/** Fires for athletes whose own cursors are due. It waits for no lock. */
export async function takeAthleteCursors(tx: Transaction, now: Instant, limits: Limits): Promise<TakenPage> {
  const cursors = await lockDueCursors(tx, now, limits.timeCursorPageSize);
  if (cursors.length === 0) {
    return NOTHING_DUE;
  }
  const triggerIds = cursors.map(({ triggerId }) => triggerId);
  failpoint('schedule-locked');
  const { live, problems } = await readTimeTriggers(tx, triggerIds);
  await fireAthleteCursors(tx, cursors, live, now, limits);
  failpoint('schedule-moved');
  return { hasMore: true, problems };
}

/** Goes on through the athletes for one trigger whose own cursor is due. */
export async function takeTriggerCursor(tx: Transaction, now: Instant, limits: Limits): Promise<TakenPage> {
  const cursor = await lockDueTriggerCursor(tx, now);
  if (!cursor) {
    return NOTHING_DUE;
  }
  failpoint('schedule-locked');
  const { live, problems } = await readTimeTriggers(tx, [cursor.triggerId]);
  const trigger = live.get(cursor.triggerId);
  if (!trigger) {
    await removeCursors(tx, [cursor.id]);
    return { hasMore: true, problems };
  }
  const { schedule } = trigger;
  if (schedule.kind !== 'recurring_schedule') {
    await makeCursors(tx, cursor, trigger, limits);
    return { hasMore: true, problems };
  }
  const problem = await fireRecurring(tx, cursor, { ...trigger, schedule }, now, limits);
  failpoint('schedule-moved');
  return { hasMore: true, problems: problem ? [problem] : [] };
}
