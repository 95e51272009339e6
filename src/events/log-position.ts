/**
 * Positions in the account's log, in the order in which the log grows; see
 * docs/decisions/018-order-of-the-log.md.
 */
import { sql } from 'kysely';
import { invalidFields } from '../errors/domain-error.ts';
import type { Transaction } from '../store/database.ts';
import { decodePageToken, encodePageToken } from '../store/page-token.ts';
import { EVENT_COLUMNS, type EventRow } from './event-rows.ts';

/**
 * The position after an event: its transaction, its sequence, and its position among the facts accepted with
 * it.
 */
export type LogPosition = readonly [transactionId: string, sequence: string, position: number];

export const BEGINNING: LogPosition = ['0', '0', 0];

/** The position before everything that this transaction or a later one writes. */
function beforeTransaction(transactionId: string): LogPosition {
  return [transactionId, '0', 0];
}

const toTokenFilter = (accountId: string) => ['WatchEvents', accountId];

export function encodePosition(accountId: string, position: LogPosition): string {
  return encodePageToken(toTokenFilter(accountId), position);
}

/** Errors: VALIDATION_FAILED for a token that was not made for this account. */
export function decodePosition(accountId: string, token: string): LogPosition {
  try {
    return decodePageToken(token, toTokenFilter(accountId), ['serial', 'serial', 'integer']) ?? BEGINNING;
  } catch {
    throw invalidResumeToken();
  }
}

function invalidResumeToken() {
  return invalidFields([
    { field: 'resume_token', description: 'must be a token that WatchEvents returned to this account' },
  ]);
}

/** The current end of the log; every event that is added later comes after it. */
export async function findLogEnd({ sql: db }: Transaction): Promise<LogPosition> {
  const { rows } = await sql<{ oldest: string }>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as oldest`.execute(db);
  return beforeTransaction(`${rows[0]?.oldest}`);
}

export interface LogPage {
  readonly events: readonly { readonly row: EventRow; readonly positionAfter: LogPosition }[];
  /** The position at which the next page starts. */
  readonly end: LogPosition;
  readonly hasMore: boolean;
}

/**
 * Reads at most `limit` events between a position and the current end of the log. Errors: VALIDATION_FAILED
 * for a position that the log of this database has not reached.
 */
export async function readLogPage(tx: Transaction, after: LogPosition, limit: number): Promise<LogPage> {
  const logEnd = await findLogEnd(tx);
  if (BigInt(after[0]) > BigInt(logEnd[0])) {
    throw invalidResumeToken();
  }
  const { rows } = await sql<EventRow & { written_by: string }>`
    select ${EVENT_COLUMNS}, transaction_id::text as written_by from events
    where account_id = ${tx.accountId} and transaction_id < ${logEnd[0]}::xid8
      and (transaction_id, sequence, position) > (${after[0]}::xid8, ${after[1]}::bigint, ${after[2]}::smallint)
    order by transaction_id, sequence, position
    limit ${limit}`.execute(tx.sql);
  const events = rows.map((row) => ({
    row,
    positionAfter: [row.written_by, row.sequence, row.position] as const,
  }));
  const hasMore = rows.length === limit;
  return { events, end: hasMore ? (events.at(-1)?.positionAfter ?? after) : logEnd, hasMore };
}
