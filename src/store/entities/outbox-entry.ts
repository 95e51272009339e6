/** Table outbox: accepted events with the facts that followed, until they are relayed. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

/** One thing that is now true, as the event stream carries it. */
export interface Fact {
  id: string;
  type: string;
  data: Record<string, unknown>;
  /** The state before, for facts that are changes. */
  previous?: Record<string, unknown>;
  /** For the occurrence of a time trigger: the trigger, and what the occurrence is known by. */
  triggerId?: string;
  occurrenceKey?: string;
}

/** Who an entry's facts come from. */
export type FactActor = 'ATHLETE' | 'COACH' | 'AUTOMATION' | 'SYSTEM' | 'IMPORT';

/** What facts follow from, when a workflow made them. */
export interface Cause {
  readonly rootEventId: string;
  readonly causationId: string;
  /** How many causes back the root is; facts that nothing caused are 0 deep. */
  readonly depth: number;
  /** The workflows between the root and the facts, by id, in order. */
  readonly chain: readonly string[];
}

export const OutboxEntryEntity = defineEntity({
  name: 'OutboxEntry',
  tableName: 'outbox',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    userId: p.uuid().nullable(),
    facts: p.json().$type<Fact[]>(),
    actor: p.text().$type<FactActor>(),
    cause: p.json().$type<Cause>().nullable(),
    occurredAt: p.type(InstantColumn).$type<bigint>(),
    recordedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type OutboxEntry = InferEntity<typeof OutboxEntryEntity>;
