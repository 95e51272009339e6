/** Table time_cursors: when a time trigger looks at an athlete, or at all of them, next. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const TimeCursorEntity = defineEntity({
  name: 'TimeCursor',
  tableName: 'time_cursors',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    triggerId: p.uuid(),
    /** Null: all that its filter matches. */
    userId: p.uuid().nullable(),
    /** What the next occurrence is known by. */
    occurrenceKey: p.text(),
    /** The next occurrence itself. */
    plannedAt: p.type(InstantColumn).$type<bigint>(),
    /** When to look at it. */
    dueAt: p.type(InstantColumn).$type<bigint>(),
    /** The last athlete of those that have been gone through. */
    position: p.uuid().nullable(),
  },
});

export type TimeCursor = InferEntity<typeof TimeCursorEntity>;
