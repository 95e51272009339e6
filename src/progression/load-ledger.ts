/** What the ledger knows of a group of commands: who may go on, who was answered before, whose event is old. */
import { sql } from 'kysely';
import type { Transaction } from '../store/database.ts';
import type { TriggerCommand } from './trigger-command.ts';
import { EVENT_TRIGGER_TYPES, eventTriggerKey } from './trigger-event.ts';

export interface ActiveEnrollment {
  readonly enrollmentId: string;
  readonly programId: string;
  readonly programRevision: string;
}

/*
 * Each read of a group starts from its list of keys and looks every key up by itself (`cross join lateral`): with
 * `= any(…)`, or a plain join, PostgreSQL scans whole tables or accounts as long as their statistics are young.
 */

/** Locks the athletes in one global order. With `skipLocked`, those that somebody else holds are left out. */
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

/** The ACTIVE enrollments, by athlete. */
export async function loadEnrollments(
  tx: Transaction,
  userIds: readonly string[],
): Promise<Map<string, ActiveEnrollment>> {
  const { rows } = await sql<{ user_id: string; id: string; program_id: string; revision: string }>`
    select k.user_id, e.id, e.program_id, e.revision
    from unnest(${userIds}::uuid[]) as k(user_id)
    cross join lateral (
      select e.id, e.program_id, p.revision
      from enrollments e
      join programs p on p.account_id = e.account_id and p.id = e.program_id
      where e.account_id = ${tx.accountId} and e.user_id = k.user_id and e.status = 'ACTIVE'
      limit 1
    ) e`.execute(tx.sql);
  return new Map(
    rows.map((row) => [
      row.user_id,
      { enrollmentId: row.id, programId: row.program_id, programRevision: row.revision },
    ]),
  );
}

/** An earlier call's row in the ledger. */
export interface EarlierCall {
  readonly fingerprint: Buffer;
  readonly response: Buffer;
}

/** What the ledger holds for one command. */
export interface LedgerEntry {
  /** The call with the same request ID. */
  readonly sameRequest: EarlierCall | undefined;
  /** The call that recorded the same event, under whatever request ID. */
  readonly sameEvent: EarlierCall | undefined;
}

interface LedgerRow {
  index: number;
  is_same_request: boolean;
  fingerprint: Buffer;
  response: Buffer;
}

/** Looks every command up by its request ID and, where it has one, by its event's identity. */
export async function loadLedger(
  tx: Transaction,
  commands: readonly TriggerCommand[],
  enrollments: ReadonlyMap<string, ActiveEnrollment>,
): Promise<LedgerEntry[]> {
  const keys = commands.map(({ detail, userId }) => {
    const enrollment = enrollments.get(userId);
    return enrollment && detail.type !== 'SETS_REPORTED' && detail.type !== 'MANUAL'
      ? eventTriggerKey(detail, enrollment.enrollmentId)
      : null;
  });
  const types = commands.map(({ detail }) =>
    detail.type === 'SETS_REPORTED' ? null : EVENT_TRIGGER_TYPES[detail.type],
  );
  const { rows } = await sql<LedgerRow>`
    with asked as (
      select * from unnest(
        ${commands.map(({ method }) => method)}::text[], ${commands.map(({ requestId }) => requestId)}::uuid[],
        ${commands.map(({ userId }) => userId)}::uuid[], ${types}::text[], ${keys}::text[]
      ) with ordinality as a(method, request_id, user_id, trigger_type, trigger_key, ordinal)
    )
    select (a.ordinal - 1)::int as index, r.*
    from asked a
    cross join lateral (
      (
        select true as is_same_request, fingerprint, response from requests
        where account_id = ${tx.accountId} and method = a.method and request_id = a.request_id
        limit 1
      )
      union all
      (
        select false, fingerprint, response from requests
        where account_id = ${tx.accountId} and user_id = a.user_id and trigger_type = a.trigger_type
          and trigger_key = a.trigger_key
        limit 1
      )
    ) r`.execute(tx.sql);
  return commands.map((_, index) => ({
    sameRequest: rows.find((row) => row.index === index && row.is_same_request),
    sameEvent: rows.find((row) => row.index === index && !row.is_same_request),
  }));
}
