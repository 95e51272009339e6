/** Table failure_counters: consecutive failures per athlete, lift and rule. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const FailureCounterEntity = defineEntity({
  name: 'FailureCounter',
  tableName: 'failure_counters',
  properties: {
    accountId: p.uuid().primary(),
    userId: p.uuid().primary(),
    liftId: p.uuid().primary(),
    progressionId: p.uuid().primary(),
    consecutiveFailures: p.integer(),
    lastFailureAt: p.type(InstantColumn).$type<bigint>().nullable(),
    lastSuccessAt: p.type(InstantColumn).$type<bigint>().nullable(),
  },
});

export type FailureCounter = InferEntity<typeof FailureCounterEntity>;
