/** Takes a page of what is due in one account a step further, in one transaction. */
import type { Limits } from '../../config.ts';
import type { Instant } from '../../instant.ts';
import type { Transaction } from '../../store/database.ts';
import { type AthleteCursor, fireAthleteCursors } from './fire-athlete-cursors.ts';
import { fireRecurring } from './fire-recurring.ts';
import { makeCursors } from './make-cursors.ts';
import { lockDueCursors, removeCursors, type TimeCursor } from './time-cursors.ts';
import { readTimeTriggers, type TimeTrigger } from './time-triggers.ts';

export interface DuePage {
  /** Something was due; more may be. */
  readonly hasMore: boolean;
  /** What is wrong with triggers whose cursors came up. */
  readonly problems: readonly Error[];
}

/** Of triggers' own cursors at most one goes a page further, so that a transaction has an end. */
export async function takeDuePage(tx: Transaction, now: Instant, limits: Limits): Promise<DuePage> {
  const cursors = await lockDueCursors(tx, now, limits.timeCursorPageSize);
  if (cursors.length === 0) {
    return { hasMore: false, problems: [] };
  }
  const { live, problems } = await readTimeTriggers(
    tx,
    cursors.map(({ triggerId }) => triggerId),
  );
  await fireAthleteCursors(tx, cursors.filter(isAthletes), live, now, limits);
  const own = cursors.find(({ userId }) => userId === null);
  const problem = own && (await takeOwnCursor(tx, own, live.get(own.triggerId), now, limits));
  return { hasMore: true, problems: problem ? [...problems, problem] : problems };
}

function isAthletes(cursor: TimeCursor): cursor is AthleteCursor {
  return cursor.userId !== null;
}

/** Gives what is wrong with the trigger. */
async function takeOwnCursor(
  tx: Transaction,
  cursor: TimeCursor,
  trigger: TimeTrigger | undefined,
  now: Instant,
  limits: Limits,
): Promise<Error | undefined> {
  if (!trigger) {
    await removeCursors(tx, [cursor.id]);
    return undefined;
  }
  const { schedule } = trigger;
  if (schedule.kind === 'recurring_schedule') {
    return fireRecurring(tx, cursor, { ...trigger, schedule }, now, limits);
  }
  await makeCursors(tx, cursor, trigger, limits);
  return undefined;
}
