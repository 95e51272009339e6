/** Table trigger_activity: the periods in which a trigger was active. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const TriggerActivityEntity = defineEntity({
  name: 'TriggerActivity',
  tableName: 'trigger_activity',
  properties: {
    accountId: p.uuid().primary(),
    triggerId: p.uuid().primary(),
    beganAt: p.type(InstantColumn).$type<bigint>().primary(),
    endedAt: p.type(InstantColumn).$type<bigint>().nullable(),
  },
});

export type TriggerActivity = InferEntity<typeof TriggerActivityEntity>;
