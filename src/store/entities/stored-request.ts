/** Table requests: the idempotency ledger and the event store, one row per committed writing call. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const StoredRequestEntity = defineEntity({
  name: 'StoredRequest',
  tableName: 'requests',
  properties: {
    accountId: p.uuid().primary(),
    method: p.text().primary(),
    requestId: p.uuid().primary(),
    /** SHA-256 of the request message. */
    fingerprint: p.blob().$type<Uint8Array>(),
    /** The encoded response message. */
    response: p.blob().$type<Uint8Array>(),
    userId: p.uuid().nullable(),
    /** Both null, unless this call is the one that recorded an event. */
    triggerType: p.string().nullable(),
    triggerKey: p.text().nullable(),
    /** The reported session, week or cycle; null for other calls. */
    detail: p.json().$type<Record<string, unknown>>().nullable(),
    occurredAt: p.type(InstantColumn).$type<bigint>(),
    recordedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type StoredRequest = InferEntity<typeof StoredRequestEntity>;
