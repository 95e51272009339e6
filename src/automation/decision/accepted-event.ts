/**
 * An event of the log in the form that decisions read: its fact, plus the times, actor and cause of its
 * outbox entry.
 */
import type { WaitingEntry } from '../../events/outbox-entries.ts';
import type { JsonObject } from '../../filters/filter.ts';
import type { FactActor } from '../../store/entities/outbox-entry.ts';
import { type Instant, instantToText } from '../../values/instant.ts';

export interface AcceptedEvent {
  readonly id: string;
  readonly type: string;
  /** Null when the event concerns no athlete; such an event has no candidate triggers. */
  readonly userId: string | null;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
  readonly sequence: bigint;
  /** Position within the outbox entry, from 0. */
  readonly position: number;
  readonly actor: FactActor;
  readonly data: JsonObject;
  readonly previous: JsonObject | null;
  readonly rootEventId: string;
  readonly causationId: string | null;
  /** Number of causes between the event and its root event. */
  readonly depth: number;
  /** Ids of the workflows between the root event and this event, in order. */
  readonly chain: readonly string[];
  /** Set for an occurrence of a time trigger: the only trigger that the event concerns. */
  readonly triggerId: string | null;
  readonly occurrenceKey: string | null;
}

/** Returns the events of an outbox entry in the order of its facts. */
export function toAcceptedEvents(entry: WaitingEntry): AcceptedEvent[] {
  const { userId, occurredAt, recordedAt, sequence, actor, cause } = entry;
  return entry.facts.map((fact, position) => ({
    id: fact.id,
    type: fact.type,
    userId,
    occurredAt,
    recordedAt,
    sequence,
    position,
    actor,
    data: fact.data as JsonObject,
    previous: (fact.previous as JsonObject | undefined) ?? null,
    rootEventId: cause?.rootEventId ?? fact.id,
    causationId: cause?.causationId ?? null,
    depth: cause?.depth ?? 0,
    chain: cause?.chain ?? [],
    triggerId: fact.triggerId ?? null,
    occurrenceKey: fact.occurrenceKey ?? null,
  }));
}

/** Builds the copy of an event that enrollments and execution logs store. */
export function toEventSnapshot({ type, id, occurredAt, actor, data, previous }: AcceptedEvent): JsonObject {
  return { type, id, occurred_at: instantToText(occurredAt), actor, data, previous };
}
