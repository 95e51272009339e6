/** ListEvents: lists the account's log, or one athlete's part of it, newest first. */
import { type RawBuilder, sql } from 'kysely';
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
 * PAGE_TOKEN_INVALID; VALIDATION_FAILED for an invalid time.
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
    ...order.afterToken(pageToken, filter),
  ];
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

/** A sort order; each one reads an index backwards. */
interface Order {
  readonly descending: RawBuilder<unknown>;
  keyOf(row: EventRow): PageKeyValue[];
  afterToken(pageToken: string, filter: readonly string[]): RawBuilder<unknown>[];
}

const BY_ACCEPTANCE: Order = {
  descending: sql`sequence desc, position desc`,
  keyOf: ({ sequence, position }) => [sequence, position],
  afterToken(pageToken, filter) {
    const key = decodePageToken(pageToken, filter, ['serial', 'integer']);
    return key ? [sql`(sequence, position) < (${key[0]}::bigint, ${key[1]}::smallint)`] : [];
  },
};

const BY_RECORDING: Order = {
  descending: sql`recorded_at desc, sequence desc, position desc`,
  keyOf: ({ recorded_at, sequence, position }) => [instantFromText(recorded_at), sequence, position],
  afterToken(pageToken, filter) {
    const key = decodePageToken(pageToken, filter, ['instant', 'serial', 'integer']);
    if (!key) {
      return [];
    }
    const [recordedAt, sequence, position] = key;
    return [
      sql`(recorded_at, sequence, position) <
        (${instantToText(recordedAt)}::timestamptz, ${sequence}::bigint, ${position}::int)`,
    ];
  },
};
