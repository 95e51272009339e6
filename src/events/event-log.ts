/**
 * Rows of the event log as messages, and positions in it in the order in which the log grows; see
 * docs/decisions/018-order-of-the-log.md.
 */
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { enumValue } from '../calls/enum-name.ts';
import { invalidFields } from '../errors/domain-error.ts';
import { EventActorSchema, type EventSchema } from '../gen/automation/v1/event_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import type { FactActor } from '../store/entities/outbox-entry.ts';
import { decodePageToken, encodePageToken } from '../store/page.ts';
import { instantFromText, instantToTimestamp } from '../values/instant.ts';

export interface EventRow {
  id: string;
  type: string;
  user_id: string | null;
  occurred_at: string;
  recorded_at: string;
  sequence: string;
  position: number;
  actor: FactActor;
  data: JsonObject;
  previous: JsonObject | null;
  root_event_id: string;
  causation_id: string | null;
  depth: number;
}

export const EVENT_COLUMNS = sql.raw(
  `id, type, user_id, occurred_at, recorded_at, sequence, position, actor, data, previous, root_event_id,
  causation_id, depth`,
);

export function eventMessage(row: EventRow): MessageInitShape<typeof EventSchema> {
  return {
    id: row.id,
    type: row.type,
    userId: row.user_id ?? '',
    occurredAt: instantToTimestamp(instantFromText(row.occurred_at)),
    recordedAt: instantToTimestamp(instantFromText(row.recorded_at)),
    sequence: BigInt(row.sequence),
    actor: enumValue(EventActorSchema, row.actor),
    data: row.data,
    ...(row.previous === null ? {} : { previous: row.previous }),
    rootEventId: row.root_event_id,
    causationId: row.causation_id ?? '',
    depth: row.depth,
  };
}

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
