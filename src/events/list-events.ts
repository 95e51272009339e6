/** ListEvents: lists the account's log, or one athlete's part of it, newest first. */
import { type RawBuilder, sql } from 'kysely';
import { DomainError } from '../errors/domain-error.ts';
import type { ListEventsRequest } from '../gen/automation/v1/event_service_pb.ts';
import type { Transaction } from '../store/database.ts';
import { decodePageToken, encodePageToken, type PageKeyValue } from '../store/page.ts';
import { instantFromText, instantOfField, instantToText } from '../values/instant.ts';
import { EVENT_COLUMNS, type EventRow } from './event-log.ts';

export interface EventPage {
  readonly rows: EventRow[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/**
 * Sorts one athlete's events by acceptance, and all athletes' events by recording. Errors:
 * PAGE_TOKEN_INVALID; VALIDATION_FAILED for an invalid time; EVENTS_REMOVED.
 */
export async function listEvents(
  tx: Transaction,
  request: ListEventsRequest,
  defaultPageSize: number,
): Promise<EventPage> {
  const { userId, type, startTime, endTime, pageToken } = request;
  const start = startTime ? instantToText(instantOfField(startTime, 'start_time')) : '';
  const end = endTime ? instantToText(instantOfField(endTime, 'end_time')) : '';
  const filter = ['ListEvents', tx.accountId, userId, type, start, end];
  const order = userId ? BY_ACCEPTANCE : BY_RECORDING;
  const conditions = [
    sql`account_id = ${tx.accountId}`,
    ...(userId ? [sql`user_id = ${userId}`] : []),
    ...(type ? [sql`type = ${type}`] : []),
    ...(start ? [sql`recorded_at >= ${start}::timestamptz`] : []),
    ...(end ? [sql`recorded_at < ${end}::timestamptz`] : []),
  ];
  const place = order.placeIn(pageToken, filter);
  if (place) {
    await requirePlace(tx, sql`${sql.join(conditions, sql` and `)} and ${order.key} = ${place}`);
    conditions.push(sql`${order.key} < ${place}`);
  }
  const limit = request.pageSize || defaultPageSize;
  const { rows: found } = await sql<EventRow>`
    select ${EVENT_COLUMNS} from events
    where ${sql.join(conditions, sql` and `)}
    order by ${order.descending}
    limit ${limit + 1}`.execute(tx.sql);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const nextPageToken = last && found.length > limit ? encodePageToken(filter, order.keyOf(last)) : '';
  return { rows, nextPageToken };
}

/** Tells an account that removes events, by its retention policy, that the last event of the page before is gone. */
async function requirePlace({ accountId, sql: db }: Transaction, isLast: RawBuilder<unknown>): Promise<void> {
  const { rows } = await sql`
    select from removed_events
    where account_id = ${accountId} and not exists (select from events where ${isLast})
    limit 1`.execute(db);
  if (rows.length > 0) {
    throw new DomainError(
      'EVENTS_REMOVED',
      'the account does not keep the last event of the page before any more; list without a token',
    );
  }
}

/** A sort order; each one reads an index backwards. */
interface Order {
  readonly key: RawBuilder<unknown>;
  readonly descending: RawBuilder<unknown>;
  keyOf(row: EventRow): PageKeyValue[];
  /** The key of the last row of the page before; undefined for the first page. */
  placeIn(pageToken: string, filter: readonly string[]): RawBuilder<unknown> | undefined;
}

const BY_ACCEPTANCE: Order = {
  key: sql`(sequence, position)`,
  descending: sql`sequence desc, position desc`,
  keyOf: ({ sequence, position }) => [sequence, position],
  placeIn(pageToken, filter) {
    const key = decodePageToken(pageToken, filter, ['serial', 'integer']);
    return key && sql`(${key[0]}::bigint, ${key[1]}::smallint)`;
  },
};

const BY_RECORDING: Order = {
  key: sql`(recorded_at, sequence, position)`,
  descending: sql`recorded_at desc, sequence desc, position desc`,
  keyOf: ({ recorded_at, sequence, position }) => [instantFromText(recorded_at), sequence, position],
  placeIn(pageToken, filter) {
    const key = decodePageToken(pageToken, filter, ['instant', 'serial', 'integer']);
    return key && sql`(${instantToText(key[0])}::timestamptz, ${key[1]}::bigint, ${key[2]}::int)`;
  },
};
