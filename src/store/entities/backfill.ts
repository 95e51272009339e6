/** Table backfills: enrollments of many athletes, at a limited rate. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const BackfillEntity = defineEntity({
  name: 'Backfill',
  tableName: 'backfills',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    workflowId: p.uuid(),
    ratePerMinute: p.integer(),
    /** The last athlete that was processed. */
    position: p.uuid().nullable(),
    enrolledCount: p.integer(),
    dueAt: p.type(InstantColumn).$type<bigint>().nullable(),
    startedBy: p.text(),
    startedAt: p.type(InstantColumn).$type<bigint>(),
    endedAt: p.type(InstantColumn).$type<bigint>().nullable(),
  },
});

export type Backfill = InferEntity<typeof BackfillEntity>;
