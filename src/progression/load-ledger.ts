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

/** Locks the athletes in one global order. With `skipLocked`, those that somebody else holds are left out. */
export async function lockUsers(
  tx: Transaction,
  userIds: readonly string[],
  skipLocked: boolean,
): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    select id from users
    where account_id = ${tx.accountId} and id = any(${userIds}::uuid[]) and deleted_at is null
    order by id
    for no key update ${skipLocked ? sql`skip locked` : sql``}`.execute(tx.sql);
  return new Set(rows.map(({ id }) => id));
}

/** The ACTIVE enrollments, by athlete. */
export async function loadEnrollments(
  tx: Transaction,
  userIds: readonly string[],
): Promise<Map<string, ActiveEnrollment>> {
  const { rows } = await sql<{ user_id: string; id: string; program_id: string; revision: string }>`
    select e.user_id, e.id, e.program_id, p.revision
    from enrollments e
    join programs p on p.account_id = e.account_id and p.id = e.program_id
    where e.account_id = ${tx.accountId} and e.user_id = any(${userIds}::uuid[]) and e.status = 'ACTIVE'`.execute(
    tx.sql,
  );
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
    select (a.ordinal - 1)::int as index, true as is_same_request, r.fingerprint, r.response
    from asked a
    join requests r on r.account_id = ${tx.accountId} and r.method = a.method and r.request_id = a.request_id
    union all
    select (a.ordinal - 1)::int, false, r.fingerprint, r.response
    from asked a
    join requests r on r.account_id = ${tx.accountId} and r.user_id = a.user_id
      and r.trigger_type = a.trigger_type and r.trigger_key = a.trigger_key`.execute(tx.sql);
  return commands.map((_, index) => ({
    sameRequest: rows.find((row) => row.index === index && row.is_same_request),
    sameEvent: rows.find((row) => row.index === index && !row.is_same_request),
  }));
}
