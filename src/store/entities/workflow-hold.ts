/** Table workflow_holds: athletes whose enrollment in a workflow the loop guard holds. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const WorkflowHoldEntity = defineEntity({
  name: 'WorkflowHold',
  tableName: 'workflow_holds',
  properties: {
    accountId: p.uuid().primary(),
    workflowId: p.uuid().primary(),
    userId: p.uuid().primary(),
    heldAt: p.type(InstantColumn).$type<bigint>(),
    /** When the last event that a workflow caused was held; the hold ends by itself some time after it. */
    lastEventAt: p.type(InstantColumn).$type<bigint>(),
    /** When ReleaseHold ended it; null when it did not. */
    releasedAt: p.type(InstantColumn).$type<bigint>().nullable(),
  },
});

export type WorkflowHold = InferEntity<typeof WorkflowHoldEntity>;
