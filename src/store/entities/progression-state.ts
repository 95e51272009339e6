/** Table progression_states: what a stateful rule remembers per athlete and lift. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const ProgressionStateEntity = defineEntity({
  name: 'ProgressionState',
  tableName: 'progression_states',
  properties: {
    accountId: p.uuid().primary(),
    userId: p.uuid().primary(),
    liftId: p.uuid().primary(),
    progressionId: p.uuid().primary(),
    /** From 0. */
    stage: p.integer(),
    /** When it was last changed other than by an event. */
    setAt: p.type(InstantColumn).$type<bigint>().nullable(),
  },
});

export type ProgressionState = InferEntity<typeof ProgressionStateEntity>;
