/**
 * Sessions that the schedule service plans (`session_planned`): each is kept until it is due, and then told of as
 * `session_missed` unless it was completed.
 */
import { sql } from 'kysely';
import { v5 } from 'uuid';
import type { Limits } from '../../config/config.ts';
import type { JsonObject } from '../../filters/filter.ts';
import { readInstant } from '../../filters/typed-values.ts';
import type { Transaction } from '../../store/database.ts';
import { failpoint } from '../../store/failpoints.ts';
import { numberedRows } from '../../store/rows-to-insert.ts';
import { type Instant, instantFromText, instantToText } from '../../values/instant.ts';
import { localDateOf } from '../../values/zoned.ts';
import type { AcceptedEvent } from '../decision/accepted-event.ts';
import { loadSubjects, type Subject } from '../evaluation/load-subjects.ts';
import { isOnCalendars } from './occurrence.ts';

const PLANNED = 'session_planned';
const UNPLANNED = 'session_unplanned';

interface Plan {
  readonly userId: string;
  readonly sessionId: string;
  readonly plannedAt: Instant;
  readonly dueAt: Instant;
  /** The fields of `session_missed` that the plan has. */
  readonly detail: JsonObject;
}

const DAY = 86_400_000_000n;

/**
 * Keeps what the events plan, in their order: a session that is planned again moves, one that is called off goes. What
 * was due long before it was planned is left out.
 */
export async function keepPlannedSessions(
  tx: Transaction,
  events: readonly AcceptedEvent[],
  { lateOccurrenceMs }: Pick<Limits, 'lateOccurrenceMs'>,
): Promise<void> {
  const latest = new Map<string, { readonly key: SessionKey; readonly plan: Plan | undefined }>();
  for (const event of events) {
    const { session_id: sessionId } = event.data;
    if (
      (event.type === PLANNED || event.type === UNPLANNED) &&
      event.userId &&
      typeof sessionId === 'string'
    ) {
      const key = { userId: event.userId, sessionId: sessionId.toLowerCase() };
      const plan = event.type === PLANNED ? readPlan(key, event, lateOccurrenceMs) : undefined;
      latest.set(`${key.userId} ${key.sessionId}`, { key, plan });
    }
  }
  const all = [...latest.values()];
  await removePlans(
    tx,
    all.filter(({ plan }) => !plan).map(({ key }) => key),
  );
  await writePlans(
    tx,
    all.map(({ plan }) => plan).filter((plan) => plan !== undefined),
  );
}

type SessionKey = Pick<Plan, 'userId' | 'sessionId'>;

function readPlan(
  key: SessionKey,
  { data, recordedAt }: AcceptedEvent,
  lateOccurrenceMs: number,
): Plan | undefined {
  const plannedAt = readInstant(data.planned_at);
  if (plannedAt === undefined || !isOnCalendars(plannedAt)) {
    return undefined;
  }
  const dueAt = readInstant(data.due_at) ?? plannedAt + DAY;
  const { day_slug = null, week_number = null } = data;
  return dueAt > recordedAt - BigInt(lateOccurrenceMs) * 1000n
    ? { ...key, plannedAt, dueAt, detail: { day_slug, week_number } }
    : undefined;
}

async function removePlans({ accountId, sql: db }: Transaction, keys: readonly SessionKey[]): Promise<void> {
  if (keys.length > 0) {
    await sql`
      delete from planned_sessions p
      using unnest(${keys.map(({ userId }) => userId)}::uuid[], ${keys.map(({ sessionId }) => sessionId)}::uuid[])
        as gone (user_id, session_id)
      where p.account_id = ${accountId} and p.user_id = gone.user_id and p.session_id = gone.session_id`.execute(
      db,
    );
  }
}

async function writePlans({ accountId, sql: db }: Transaction, plans: readonly Plan[]): Promise<void> {
  if (plans.length > 0) {
    await sql`
      insert into planned_sessions (account_id, user_id, session_id, planned_at, due_at, detail)
      select a.id, p.* from accounts a cross join unnest(
        ${plans.map(({ userId }) => userId)}::uuid[],
        ${plans.map(({ sessionId }) => sessionId)}::uuid[],
        ${plans.map(({ plannedAt }) => instantToText(plannedAt))}::timestamptz[],
        ${plans.map(({ dueAt }) => instantToText(dueAt))}::timestamptz[],
        ${plans.map(({ detail }) => JSON.stringify(detail))}::jsonb[]) p
      where a.id = ${accountId}
      on conflict (account_id, user_id, session_id) do update
        set planned_at = excluded.planned_at, due_at = excluded.due_at, detail = excluded.detail`.execute(db);
  }
}

/** Takes a page of due sessions, and writes `session_missed` for those that were not completed. True: more may be due. */
export async function takePlannedSessions(tx: Transaction, now: Instant, limits: Limits): Promise<boolean> {
  const due = await removeDue(tx, now, limits.timeCursorPageSize);
  const missed = due.filter(({ isCompleted }) => !isCompleted);
  const userIds = [...new Set(missed.map(({ userId }) => userId))];
  if (userIds.length > 0) {
    const subjects = await loadSubjects(tx, userIds);
    const before = await countMissedInARow(tx, userIds);
    await writeMissed(tx, missed, { subjects, before, now });
  }
  return due.length > 0;
}

interface DueSession extends Plan {
  readonly isCompleted: boolean;
}

/** Earliest first. Skips locked rows. */
async function removeDue(
  { accountId, sql: db }: Transaction,
  now: Instant,
  limit: number,
): Promise<DueSession[]> {
  const { rows } = await sql<{
    user_id: string;
    session_id: string;
    planned_at: string;
    due_at: string;
    detail: JsonObject;
    is_completed: boolean;
  }>`
    with due as (
      select user_id, session_id from planned_sessions
      where account_id = ${accountId} and due_at <= ${instantToText(now)}::timestamptz
      order by due_at
      limit ${limit}
      for update skip locked
    ), gone as (
      delete from planned_sessions p using due d
      where p.account_id = ${accountId} and p.user_id = d.user_id and p.session_id = d.session_id
      returning p.user_id, p.session_id, p.planned_at, p.due_at, p.detail
    )
    select g.*, exists (
      select from requests r
      where r.account_id = ${accountId} and r.user_id = g.user_id and r.trigger_type = 'AFTER_SESSION'
        and r.trigger_key = 'session:' || g.session_id
    ) as is_completed
    from gone g order by g.due_at, g.session_id`.execute(db);
  return rows.map((row) => ({
    userId: row.user_id,
    sessionId: row.session_id,
    plannedAt: instantFromText(row.planned_at),
    dueAt: instantFromText(row.due_at),
    detail: row.detail,
    isCompleted: row.is_completed,
  }));
}

/** How many sessions each athlete has missed since the latest that they completed, by the log; at most 1,000. */
async function countMissedInARow(
  { accountId, sql: db }: Transaction,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ id: string; missed: number }>`
    select u.id, (
      select count(*)::int from (
        select from events e
        where e.account_id = ${accountId} and e.user_id = u.id and e.type = 'session_missed'
          and e.occurred_at > coalesce((
            select max(r.occurred_at) from requests r
            where r.account_id = ${accountId} and r.user_id = u.id and r.trigger_type = 'AFTER_SESSION'
              and r.occurred_at > '-infinity'), '-infinity')
          and e.occurred_at > '-infinity'
        limit 1000
      ) in_a_row
    ) as missed
    from unnest(${userIds}::uuid[]) as u (id)`.execute(db);
  return new Map(rows.map(({ id, missed }) => [id, missed]));
}

/** The UUID namespace of the ids of these events. */
const NAMESPACE = 'd0c7a5f4-55f3-5b0c-8a53-3a1d0f2b7c16';

interface MissedContext {
  readonly subjects: ReadonlyMap<string, Subject>;
  readonly before: ReadonlyMap<string, number>;
  readonly now: Instant;
}

/** One entry for each session, with an id made of it: a session is told of once. None for deleted athletes. */
async function writeMissed(
  tx: Transaction,
  sessions: readonly DueSession[],
  { subjects, before, now }: MissedContext,
): Promise<void> {
  const counts = new Map(before);
  const entries = sessions.flatMap(({ userId, sessionId, plannedAt, dueAt, detail }) => {
    const subject = subjects.get(userId);
    if (!subject || subject.deletedAt !== null) {
      return [];
    }
    const missed = (counts.get(userId) ?? 0) + 1;
    counts.set(userId, missed);
    const plannedOn = localDateOf(plannedAt, subject.timeZone);
    const data = { session_id: sessionId, ...detail, planned_on: plannedOn, missed_in_a_row: missed };
    const id = v5(`${tx.accountId} ${userId} ${sessionId}`, NAMESPACE);
    return [{ id, userId, dueAt, facts: [{ id, type: 'session_missed', data }] }];
  });
  tx.noteEntries();
  await sql`
    insert into outbox (account_id, id, user_id, facts, actor, occurred_at, recorded_at)
    ${numberedRows(tx, [
      ['uuid', entries.map(({ id }) => id)],
      ['uuid', entries.map(({ userId }) => userId)],
      ['jsonb', entries.map(({ facts }) => JSON.stringify(facts))],
      ['text', 'SYSTEM'],
      ['timestamptz', entries.map(({ dueAt }) => instantToText(dueAt))],
      ['timestamptz', instantToText(now)],
    ])}
    on conflict (account_id, id) do nothing`.execute(tx.sql);
  failpoint('schedule-written');
}
