/**
 * Rows of the event log as messages, and places in it in the order in which the log grows; see
 * docs/decisions/018-order-of-the-log.md.
 */
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { NIL } from 'uuid';
import { enumValue } from '../calls/enum-name.ts';
import type { Limits } from '../config/config.ts';
import { DomainError, invalidFields } from '../errors/domain-error.ts';
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
 * A reader's place: after the event with this id; undefined: before all events. After a failover or a restore an id is
 * found again wherever its event is then, or it is lost; a position may be another event's.
 */
export type LogPlace = string | undefined;

const toTokenFilter = (accountId: string) => ['WatchEvents', accountId];

export function encodePlace(accountId: string, place: LogPlace): string {
  return encodePageToken(toTokenFilter(accountId), [place ?? NIL]);
}

/** Errors: VALIDATION_FAILED for a token that was not made for this account. */
export function decodePlace(accountId: string, token: string): LogPlace {
  try {
    const [id] = decodePageToken(token, toTokenFilter(accountId), ['uuid']) ?? [NIL];
    return id === NIL ? undefined : id;
  } catch {
    throw invalidFields([
      { field: 'resume_token', description: 'must be a token that WatchEvents returned to this account' },
    ]);
  }
}

/** Open transactions write no event before it. Asked for alone: on a cluster it is that of the coordinator. */
async function readHorizon({ sql: db }: Transaction): Promise<string> {
  const { rows } = await sql<{ horizon: string }>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as horizon`.execute(db);
  return rows[0]?.horizon ?? '0';
}

/** The place after the events that are in the log now; every event that is added later comes after it. */
export async function findLogEnd(tx: Transaction): Promise<LogPlace> {
  const horizon = await readHorizon(tx);
  const { rows } = await sql<{ id: string }>`
    select id from events
    where account_id = ${tx.accountId} and transaction_id < ${horizon}::xid8
    order by transaction_id desc, sequence desc, position desc
    limit 1`.execute(tx.sql);
  return rows[0]?.id;
}

interface Bounds {
  /** Null: the place's event is not in the log. */
  transaction_id: string | null;
  sequence: string;
  position: number;
  /** The account does not keep the place's event any more. */
  was_removed: boolean;
}

/**
 * Errors: EVENTS_REMOVED when the account does not keep the place's event any more; EPOCH_CHANGED when the log does not have
 * it before its end for another reason.
 */
async function readBounds(tx: Transaction, place: LogPlace) {
  if (place === undefined) {
    return { after: ['0', '0', 0] as const, end: await readHorizon(tx) };
  }
  const reading = sql<Bounds>`
    select e.transaction_id::text, e.sequence, e.position,
      exists (select from removed_events r where r.account_id = ${tx.accountId} and r.id = ${place}) as was_removed
    from (select) as one left join events e on e.account_id = ${tx.accountId} and e.id = ${place}`;
  const [end, { rows }] = await Promise.all([readHorizon(tx), reading.execute(tx.sql)]);
  const [bounds] = rows;
  if (bounds?.was_removed) {
    throw new DomainError(
      'EVENTS_REMOVED',
      'the account does not keep the event of the resume token any more; read the log from_beginning, or from now on',
    );
  }
  if (!bounds?.transaction_id || BigInt(bounds.transaction_id) >= BigInt(end)) {
    throw new DomainError(
      'EPOCH_CHANGED',
      'the log was cut behind the resume token, by a failover or a restore; read it from_beginning, or from now on',
    );
  }
  return { after: [bounds.transaction_id, bounds.sequence, bounds.position] as const, end };
}

export interface LogPage {
  readonly rows: readonly EventRow[];
  readonly hasMore: boolean;
}

/** Reads the events between a place and the current end of the log, up to the limits. Errors: EPOCH_CHANGED, EVENTS_REMOVED. */
export async function readLogPage(
  tx: Transaction,
  place: LogPlace,
  { watchedEvents, watchedBytes }: Pick<Limits, 'watchedEvents' | 'watchedBytes'>,
): Promise<LogPage> {
  const { after, end } = await readBounds(tx, place);
  const { rows } = await sql<EventRow & { found: number }>`
    select ${EVENT_COLUMNS}, found::int from (
      select ${EVENT_COLUMNS}, transaction_id, count(*) over () as found,
        sum(octet_length(data::text) + coalesce(octet_length(previous::text), 0)) over (
          order by transaction_id, sequence, position rows between unbounded preceding and 1 preceding
        ) as bytes_before
      from (
        select ${EVENT_COLUMNS}, transaction_id from events
        where account_id = ${tx.accountId} and transaction_id < ${end}::xid8
          and (transaction_id, sequence, position) > (${after[0]}::xid8, ${after[1]}::bigint, ${after[2]}::smallint)
        order by transaction_id, sequence, position
        limit ${watchedEvents}
      ) page
    ) sized
    where coalesce(bytes_before, 0) < ${watchedBytes}
    order by transaction_id, sequence, position`.execute(tx.sql);
  const found = rows[0]?.found ?? 0;
  return { rows, hasMore: found === watchedEvents || rows.length < found };
}
