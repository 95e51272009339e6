/** Table custom_event_types: the account’s own events. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const CustomEventTypeEntity = defineEntity({
  name: 'CustomEventType',
  tableName: 'custom_event_types',
  properties: {
    accountId: p.uuid().primary(),
    slug: p.text().primary(),
    /** Its id in the audit trail. */
    id: p.uuid(),
    description: p.text(),
    fields: p.json().$type<{ name: string; type: string; description: string }[]>(),
    sample: p.json().$type<Record<string, unknown>>(),
    createdAt: p.type(InstantColumn).$type<bigint>(),
    updatedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type CustomEventType = InferEntity<typeof CustomEventTypeEntity>;
