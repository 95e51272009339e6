/** Table outbox: accepted events with the facts that followed, until they are relayed. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../column-types.ts';

/** One thing that is now true, as the event stream carries it. */
export interface Fact {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

export const OutboxEntryEntity = defineEntity({
  name: 'OutboxEntry',
  tableName: 'outbox',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    userId: p.uuid().nullable(),
    facts: p.json().$type<Fact[]>(),
    occurredAt: p.type(InstantColumn).$type<bigint>(),
    recordedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type OutboxEntry = InferEntity<typeof OutboxEntryEntity>;
