/** The inactivity of athletes: one occurrence for each pause, some days after the latest session. */
import { sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import { type Instant, instantFromText, instantToText } from '../../values/instant.ts';
import { localDateOf } from '../../values/zoned.ts';
import type { Occurrences } from './occurrence.ts';
import type { InactivitySchedule } from './time-schedule.ts';

/** Where an athlete's pause began. */
export interface Pause {
  readonly beganAt: Instant;
  /** False: there is no session yet, and the athlete was added then. */
  readonly isAfterSession: boolean;
}

const DAY = 86_400_000_000n;

/**
 * The pause of each athlete of a page: from the latest session that was completed by `now`, else from when the athlete
 * was added. One look into an index for each.
 */
export async function loadPauses(
  { accountId, sql: db }: Transaction,
  userIds: readonly string[],
  now: Instant,
): Promise<ReadonlyMap<string, Pause>> {
  const { rows } = await sql<{ id: string; created_at: string; last_at: string | null }>`
    select u.id, u.created_at, (
      select max(r.occurred_at) from requests r
      where r.account_id = ${accountId} and r.user_id = u.id and r.trigger_type = 'AFTER_SESSION'
        and r.occurred_at > '-infinity' and r.occurred_at <= ${instantToText(now)}::timestamptz
    ) as last_at
    from users u where u.account_id = ${accountId} and u.id = any(${userIds}::uuid[])`.execute(db);
  return new Map(
    rows.map((row) => [
      row.id,
      {
        beganAt: instantFromText(row.last_at ?? row.created_at),
        isAfterSession: row.last_at !== null,
      },
    ]),
  );
}

/**
 * The occurrence of the pause. When it is over, the cursor stays, and looks again after as many days: by then it is due
 * at the latest for a pause that has begun since. So no session has to move a cursor.
 */
export function createInactivity(
  { days }: InactivitySchedule,
  { beganAt, isAfterSession }: Pause,
  zone: string,
): Occurrences {
  const span = BigInt(days) * DAY;
  const key = instantToText(beganAt);
  const occurrence = {
    ...{ key, plannedAt: beganAt + span, years: undefined },
    date: isAfterSession ? localDateOf(beganAt, zone) : undefined,
  };
  return {
    catchesUp: true,
    next: (after) =>
      occurrence.plannedAt > after
        ? occurrence
        : { ...occurrence, key: `after ${key}`, plannedAt: after + span },
    ofKey: (asked) => (asked === key ? occurrence : undefined),
  };
}
