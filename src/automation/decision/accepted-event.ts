/** One event of the log, as verdicts see it: a fact, with what its entry says of where it comes from. */
import type { WaitingEntry } from '../../events/outbox-entries.ts';
import type { JsonObject } from '../../filters/filter.ts';
import type { FactActor } from '../../store/entities/outbox-entry.ts';
import { type Instant, instantToText } from '../../values/instant.ts';

export interface AcceptedEvent {
  readonly id: string;
  readonly type: string;
  /** Null for what concerns no athlete; no trigger is a candidate for it. */
  readonly userId: string | null;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
  readonly sequence: bigint;
  /** Within the entry, from 0. */
  readonly position: number;
  readonly actor: FactActor;
  readonly data: JsonObject;
  readonly previous: JsonObject | null;
  readonly rootEventId: string;
  readonly causationId: string | null;
  /** How many causes back the root is. */
  readonly depth: number;
  /** The workflows between the root and the event, by id, in order. */
  readonly chain: readonly string[];
  /** For the occurrence of a time trigger, which alone it is for. */
  readonly triggerId: string | null;
  readonly occurrenceKey: string | null;
}

/** The events of an entry, in order. */
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

/** What enrollments and logs keep of an event. */
export function toEventSnapshot({ type, id, occurredAt, data, previous }: AcceptedEvent): JsonObject {
  return { type, id, occurred_at: instantToText(occurredAt), data, previous };
}
