/**
 * Polls the time cursors of all accounts, one page of an account for each transaction: writes due
 * occurrences to the outbox, addressed to their triggers, advances the cursors, and creates the cursors of
 * activated triggers. Planned sessions that are due are looked for in the same way.
 */
import { sql } from 'kysely';
import type { Limits } from '../../config/config.ts';
import type { Database, Transaction } from '../../store/database.ts';
import { failpoint } from '../../store/failpoints.ts';
import { type Clock, type Instant, instantToText } from '../../values/instant.ts';
import { loadSubjects } from '../evaluation/load-subjects.ts';
import { loadAthleteOccurrences, readAthletePage } from './athlete-occurrences.ts';
import { fireRecurring } from './fire-recurring.ts';
import { type FiredOccurrence, writeOccurrences } from './occurrence-entries.ts';
import { takePlannedSessions } from './planned-sessions.ts';
import {
  type AthleteCursor,
  addCursors,
  advanceCursor,
  type DuePlan,
  lockDueCursors,
  lockDueTriggerCursor,
  moveCursors,
  planDue,
  removeCursors,
  type TimeCursor,
} from './time-cursors.ts';
import { readTimeTriggers, type TimeTrigger } from './time-triggers.ts';

interface TakenPage {
  /** Something was due; more may be. */
  readonly hasMore: boolean;
  /** Errors of triggers that could not be read. */
  readonly problems: readonly Error[];
}

const NOTHING_DUE: TakenPage = { hasMore: false, problems: [] };

/** Fires for athletes whose cursors are due. Skips locked cursors. */
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

/** Continues the pass over all athletes for one trigger whose cursor is due. */
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

async function takePlans(tx: Transaction, now: Instant, limits: Limits): Promise<TakenPage> {
  return { hasMore: await takePlannedSessions(tx, now, limits), problems: [] };
}

const NOTHING: DuePlan = { fired: undefined, next: undefined };

/**
 * The cursors are locked and due. Cursors of inactive triggers, and of athletes without the date, are
 * removed.
 */
export async function fireAthleteCursors(
  tx: Transaction,
  cursors: readonly AthleteCursor[],
  triggers: ReadonlyMap<string, TimeTrigger>,
  now: Instant,
  limits: Pick<Limits, 'lateOccurrenceMs'>,
): Promise<void> {
  const userIds = cursors.map(({ userId }) => userId);
  const subjects = await loadSubjects(tx, userIds);
  const occurrencesOf = await loadAthleteOccurrences(tx, triggers.values(), { userIds, now });
  const fired: FiredOccurrence[] = [];
  const moves: Parameters<typeof moveCursors>[1][number][] = [];
  const ended: string[] = [];
  for (const cursor of cursors) {
    const { id, triggerId, userId } = cursor;
    const trigger = triggers.get(triggerId);
    const occurrences = trigger && occurrencesOf(trigger, subjects.get(userId));
    const plan = occurrences ? planDue(occurrences, cursor, now, limits.lateOccurrenceMs) : NOTHING;
    if (trigger && plan.fired) {
      fired.push({ trigger, userId, ...plan.fired });
    }
    if (plan.next) {
      moves.push({ id, occurrenceKey: plan.next.key, plannedAt: plan.next.plannedAt });
    } else {
      ended.push(id);
    }
  }
  await writeOccurrences(tx, fired, now);
  await moveCursors(tx, moves);
  await removeCursors(tx, ended);
}

/**
 * The trigger's cursor is locked; it was planned at activation, and is removed after the last page. A cursor
 * that an athlete already has comes from a later change of the athlete, and stays.
 */
export async function makeCursors(
  tx: Transaction,
  cursor: TimeCursor,
  trigger: TimeTrigger,
  limits: Pick<Limits, 'timeCursorPageSize'>,
): Promise<void> {
  const { userIds, position } = await readAthletePage(tx, cursor.position, limits.timeCursorPageSize);
  const subjects = await loadSubjects(tx, userIds);
  const occurrencesOf = await loadAthleteOccurrences(tx, [trigger], { userIds, now: cursor.plannedAt });
  const made = userIds.flatMap((userId) => {
    const next = occurrencesOf(trigger, subjects.get(userId))?.next(cursor.plannedAt);
    return next
      ? [{ triggerId: trigger.id, userId, occurrenceKey: next.key, plannedAt: next.plannedAt }]
      : [];
  });
  await addCursors(tx, made, 'KEEP');
  await (position === undefined
    ? removeCursors(tx, [cursor.id])
    : advanceCursor(tx, cursor.id, cursor, position));
}

/** At most `limit` accounts of each kind. Index-only scans, one step for each due row. */
function findDueAccounts(database: Database, now: Instant, limit: number): Promise<string[]> {
  return database.acrossAccounts(async (db) => {
    const due = sql`due_at <= ${instantToText(now)}::timestamptz`;
    const { rows } = await sql<{ account_id: string }>`
      (select distinct account_id from time_cursors where ${due} limit ${limit})
      union
      (select distinct account_id from planned_sessions where ${due} limit ${limit})`.execute(db);
    return rows.map((row) => row.account_id);
  });
}

export interface SchedulerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Called with errors of accounts that could not be processed, and of triggers that cannot be read. */
  readonly reportError: (error: unknown) => void;
}

export interface Scheduler {
  /**
   * Processes one page of athletes' cursors, one of a trigger's cursor and one of planned sessions for each account with
   * something due; several schedulers may run. Returns true when more is due. Rejects when the database is
   * unavailable.
   */
  runOnce(): Promise<boolean>;
}

type TakePage = (tx: Transaction, now: Instant, limits: Limits) => Promise<TakenPage>;

export function createScheduler({ database, clock, limits, reportError }: SchedulerDeps): Scheduler {
  async function take(accountId: string, takePage: TakePage): Promise<boolean> {
    try {
      const now = clock();
      const { hasMore, problems } = await database.transaction(accountId, (tx) => takePage(tx, now, limits));
      failpoint('schedule-committed');
      for (const problem of problems) {
        reportError(problem);
      }
      return hasMore;
    } catch (error) {
      reportError(error);
      return false;
    }
  }

  return {
    async runOnce() {
      let hasMore = false;
      for (const accountId of await findDueAccounts(database, clock(), limits.dueAccounts)) {
        hasMore = (await take(accountId, takeAthleteCursors)) || hasMore;
        hasMore = (await take(accountId, takeTriggerCursor)) || hasMore;
        hasMore = (await take(accountId, takePlans)) || hasMore;
      }
      return hasMore;
    },
  };
}
