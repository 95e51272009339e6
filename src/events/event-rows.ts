/** Reads rows of the event log and converts them to messages of the API. */
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { enumValue } from '../calls/enum-name.ts';
import { EventActorSchema, type EventSchema } from '../gen/automation/v1/event_service_pb.ts';
import type { FactActor } from '../store/entities/outbox-entry.ts';
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
