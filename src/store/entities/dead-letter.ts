/** Table dead_letters: events that could not be evaluated. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const DeadLetterEntity = defineEntity({
  name: 'DeadLetter',
  tableName: 'dead_letters',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    /** The id of the event; of an entry with several events, of the first one. */
    eventId: p.uuid(),
    /** Null: the event as a whole. */
    triggerId: p.uuid().nullable(),
    /** Null for an event without an athlete. */
    userId: p.uuid().nullable(),
    /** The event as it was accepted; of an entry that failed as a whole, the entry: see automation/evaluation. */
    event: p.json().$type<Record<string, unknown>>(),
    /** RETRYING, DEAD, DISCARDED or RESOLVED. */
    state: p.text(),
    attempts: p.integer(),
    reason: p.text(),
    message: p.text(),
    firstFailedAt: p.type(InstantColumn).$type<bigint>(),
    lastFailedAt: p.type(InstantColumn).$type<bigint>(),
    nextAttemptAt: p.type(InstantColumn).$type<bigint>().nullable(),
  },
});

export type DeadLetter = InferEntity<typeof DeadLetterEntity>;
