/** Table outbox: accepted events with the facts that followed, until they are relayed. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

/** A fact of an event, as it is published. */
export interface Fact {
  id: string;
  type: string;
  data: Record<string, unknown>;
  /** The state before, for facts that are changes. */
  previous?: Record<string, unknown>;
  /** For the occurrence of a time trigger: the trigger, and the key of the occurrence. */
  triggerId?: string;
  occurrenceKey?: string;
}

/** The kind of actor of an entry's facts. */
export type FactActor = 'ATHLETE' | 'COACH' | 'AUTOMATION' | 'SYSTEM' | 'IMPORT';

/** The cause of facts that a workflow emitted. */
export interface Cause {
  readonly rootEventId: string;
  readonly causationId: string;
  /** The number of causes up to the root; 0 for facts without a cause. */
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
