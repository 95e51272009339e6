/** Table trigger_versions: all versions of triggers. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const TriggerVersionEntity = defineEntity({
  name: 'TriggerVersion',
  tableName: 'trigger_versions',
  properties: {
    accountId: p.uuid().primary(),
    triggerId: p.uuid().primary(),
    version: p.integer().primary(),
    triggerType: p.text(),
    triggerEvent: p.text(),
    filters: p.json().$type<Record<string, unknown>>(),
    settings: p.json().$type<Record<string, unknown>>(),
    isActive: p.boolean(),
    deletedAt: p.type(InstantColumn).$type<bigint>().nullable(),
    action: p.text(),
    actor: p.text(),
    recordedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type TriggerVersion = InferEntity<typeof TriggerVersionEntity>;
