/** Table time_cursors: the next occurrence of a time trigger for an athlete, or for all of them. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const TimeCursorEntity = defineEntity({
  name: 'TimeCursor',
  tableName: 'time_cursors',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    triggerId: p.uuid(),
    /** Null: all athletes that its filter matches. */
    userId: p.uuid().nullable(),
    /** The key of the next occurrence. */
    occurrenceKey: p.text(),
    /** The time of the next occurrence. */
    plannedAt: p.type(InstantColumn).$type<bigint>(),
    /** When the scheduler processes it. */
    dueAt: p.type(InstantColumn).$type<bigint>(),
    /** The last athlete that the pass has reached. */
    position: p.uuid().nullable(),
  },
});

export type TimeCursor = InferEntity<typeof TimeCursorEntity>;
