/**
 * What the ledger knows of a group of commands: who may go on, who was answered before, whose event is old.
 * Reads what a manual trigger depends on: the athlete's latest real event, and what it has had already.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Transaction } from '../../store/database.ts';
import type { RuleOverrides } from '../evaluation/program-rules.ts';
import { ruleKey } from '../evaluation/snapshot.ts';
import {
  EVENT_TRIGGER_TYPES,
  eventTriggerKey,
  type ManualTrigger,
  sessionTriggerKey,
} from '../evaluation/trigger-event.ts';
import { type OverrideRows, overridesOf, readOverrides } from './load-overrides.ts';
import type { TriggerCommand } from './trigger-command.ts';

export interface ActiveEnrollment {
  readonly enrollmentId: string;
  readonly programId: string;
  readonly programRevision: string;
  /** Where the enrollment began, or was last resumed, in the order of acceptance. */
  readonly activeFromSequence: string;
  /** What rows of the program are for the athlete alone. */
  readonly overrides: RuleOverrides;
}

/*
 * Each read of a group starts from its list of keys and looks every key up by itself (`cross join lateral`): with
 * `= any(…)`, or a plain join, PostgreSQL scans whole tables or accounts as long as their statistics are young.
 */

/**
 * Locks the athletes in one global order. With `skipLocked`, athletes that another transaction holds are left
 * out.
 */
export async function lockUsers(
  tx: Transaction,
  userIds: readonly string[],
  skipLocked: boolean,
): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select u.id
    from unnest(${userIds.toSorted()}::uuid[]) as k(user_id)
    cross join lateral (
      select id from users
      where account_id = ${tx.accountId} and id = k.user_id and deleted_at is null
      for no key update ${skipLocked ? sql`skip locked` : sql``}
    ) u`.execute(tx.sql);
  return new Set(rows.map(({ id }) => id));
}

/**
 * The ACTIVE enrollment of an athlete, and its program's revision: the number with its identity, because numbers are given
 * again after a failover that lost changes.
 */
function activeEnrollmentOf(tx: Transaction, userId: RawBuilder<unknown>) {
  const { accountId } = tx;
  return sql`
    select e.id as enrollment_id, e.program_id, p.revision || ' ' || p.revision_identity as revision, e.active_from_sequence,
      ${overridesOf(tx, sql`e.id`)} as overrides
    from enrollments e
    join programs p on p.account_id = e.account_id and p.id = e.program_id
    where e.account_id = ${accountId} and e.user_id = ${userId} and e.status = 'ACTIVE'
    limit 1`;
}

interface EnrollmentRow {
  enrollment_id: string;
  program_id: string;
  revision: string;
  active_from_sequence: string;
  overrides: OverrideRows;
}

/** undefined when the athlete has none. */
export async function loadEnrollment(tx: Transaction, userId: string): Promise<ActiveEnrollment | undefined> {
  const { rows } = await activeEnrollmentOf(tx, sql`${userId}::uuid`).execute(tx.sql);
  const [row] = rows as EnrollmentRow[];
  return row && enrollmentOf(row);
}

function enrollmentOf(row: EnrollmentRow): ActiveEnrollment {
  return {
    enrollmentId: row.enrollment_id,
    programId: row.program_id,
    programRevision: row.revision,
    activeFromSequence: row.active_from_sequence,
    overrides: readOverrides(row.overrides),
  };
}

/** The row of an earlier call in the ledger. */
export interface EarlierCall {
  readonly fingerprint: Buffer;
  readonly response: Buffer;
}

/** The call that recorded an event, and what a session, a week or a cycle said then. */
export interface EarlierEvent extends EarlierCall {
  readonly detail: SessionDetail | null;
}

/** Of a session: its lifts, and the calls that completed it again with more of them. */
export interface SessionDetail {
  readonly liftsPerformed?: readonly string[];
  readonly again?: readonly { readonly requestId: string }[];
}

/** What is known about a command before its event is examined. */
export interface LedgerEntry {
  readonly enrollment: ActiveEnrollment | undefined;
  /** The call with the same request ID. */
  readonly sameRequest: EarlierCall | undefined;
  /** The call that recorded the same event, under any request ID; for reported sets, their session's end. */
  readonly sameEvent: EarlierEvent | undefined;
}

type LedgerRow = { index: number } & (EnrollmentRow | { [name in keyof EnrollmentRow]: null }) & {
    request_fingerprint: Buffer | null;
    request_response: Buffer | null;
    event_fingerprint: Buffer | null;
    event_response: Buffer | null;
    event_detail: SessionDetail | null;
  };

/** A placeholder for the enrollment in an event's key; the ledger query itself fills it in. */
const ENROLLMENT = '{enrollment}';

/**
 * Looks every command up by its request ID and, where it has one, by its event's identity, in the same order; sets are
 * looked up by the end of their session. The enrollments of athletes who are locked do not change any more. `offset 0` makes the event's key before it is looked
 * for: an index is not trusted with a key that is still to be computed.
 */
export async function loadLedger(
  tx: Transaction,
  commands: readonly TriggerCommand[],
): Promise<LedgerEntry[]> {
  const keys = commands.map(({ detail }) =>
    detail.type === 'SETS_REPORTED'
      ? sessionTriggerKey(detail.sessionId)
      : eventTriggerKey(detail, ENROLLMENT),
  );
  const types = commands.map(({ detail }) =>
    detail.type === 'SETS_REPORTED' ? 'AFTER_SESSION' : EVENT_TRIGGER_TYPES[detail.type],
  );
  const { rows } = await sql<LedgerRow>`
    select (a.ordinal - 1)::int as index, e.enrollment_id, e.program_id, e.revision, e.active_from_sequence, e.overrides,
      request.*, event.*
    from unnest(
      ${commands.map(({ method }) => method)}::text[], ${commands.map(({ requestId }) => requestId)}::uuid[],
      ${commands.map(({ userId }) => userId)}::uuid[], ${types}::text[], ${keys}::text[]
    ) with ordinality as a(method, request_id, user_id, trigger_type, trigger_key, ordinal)
    left join lateral (
      select active.*, replace(a.trigger_key, ${ENROLLMENT}, active.enrollment_id::text) as event_key
      from (${activeEnrollmentOf(tx, sql.ref('a.user_id'))}) active
      offset 0
    ) e on true
    left join lateral (
      select fingerprint as request_fingerprint, response as request_response from requests
      where account_id = ${tx.accountId} and method = a.method and request_id = a.request_id
      limit 1
    ) request on true
    left join lateral (
      select fingerprint as event_fingerprint, response as event_response, detail as event_detail from requests
      where account_id = ${tx.accountId} and user_id = a.user_id and trigger_type = a.trigger_type
        and trigger_key = e.event_key
      limit 1
    ) event on true`.execute(tx.sql);
  const byIndex = new Map(rows.map((row) => [row.index, row]));
  return commands.map((_, index) => {
    const row = byIndex.get(index);
    return {
      enrollment: row?.enrollment_id ? enrollmentOf(row) : undefined,
      sameRequest: earlierCall(row?.request_fingerprint, row?.request_response),
      sameEvent: earlierEvent(row),
    };
  });
}

function earlierEvent(row: LedgerRow | undefined): EarlierEvent | undefined {
  const call = earlierCall(row?.event_fingerprint, row?.event_response);
  return call && { ...call, detail: row?.event_detail ?? null };
}

function earlierCall(fingerprint?: Buffer | null, response?: Buffer | null): EarlierCall | undefined {
  return fingerprint && response ? { fingerprint, response } : undefined;
}

export interface ManualHistory {
  /** `type:key` of the latest real event; null when there was none. */
  readonly latestEventKey: string | null;
  /** By ruleKey: the application of the latest event, by the event itself or by hand. */
  readonly standingLogIds: Map<string, string>;
}

/**
 * A reverted application is undone, but without force a manual trigger does not run again for the same event.
 */
export async function loadManualHistory(
  tx: Transaction,
  userId: string,
  { progressionId }: ManualTrigger,
): Promise<ManualHistory> {
  const latest = await sql<{ trigger_type: string; trigger_key: string }>`
    select trigger_type, trigger_key from requests
    where account_id = ${tx.accountId} and user_id = ${userId}
      and trigger_type in ('AFTER_SESSION', 'AFTER_WEEK', 'AFTER_CYCLE', 'AFTER_SET')
    order by sequence desc limit 1`.execute(tx.sql);
  const [event] = latest.rows;
  const latestEventKey = event ? `${event.trigger_type}:${event.trigger_key}` : null;
  const manualKey = `manual:after:${latestEventKey ?? 'none'}`;
  // The sets of one call share their session; the ledger identifies the call by its last set.
  const isSet = event?.trigger_type === 'AFTER_SET';
  const sessionId = isSet || event?.trigger_type === 'AFTER_SESSION' ? event.trigger_key.split(':')[1] : null;
  const { rows } = await sql<{ id: string; lift_id: string }>`
    select l.id, l.lift_id from progression_logs l
    where l.account_id = ${tx.accountId} and l.user_id = ${userId} and l.progression_id = ${progressionId}
      and l.trigger_key > '' and (
        (l.session_id is null and l.trigger_key in (${manualKey}, ${event?.trigger_key ?? null}))
        or (l.session_id = ${sessionId}::uuid and (
          l.trigger_key = ${event?.trigger_key ?? null}
            or (${isSet}::boolean and l.trigger_type in ('AFTER_SET', 'ON_FAILURE'))))
      )
      and (l.trigger_key = ${manualKey} or not exists (
        select from progression_logs r where r.account_id = ${tx.accountId} and r.reverts_log_id = l.id
      ))
    order by l.lift_max_version`.execute(tx.sql);
  return {
    latestEventKey,
    standingLogIds: new Map(rows.map((row) => [ruleKey(row.lift_id, progressionId), row.id])),
  };
}
