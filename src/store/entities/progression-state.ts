/** Table progression_states: the state of a stage rule per athlete and lift. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

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
  },
});

export type ProgressionState = InferEntity<typeof ProgressionStateEntity>;
