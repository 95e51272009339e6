/** Table action_executions: the result of each step of a run. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const ActionExecutionEntity = defineEntity({
  name: 'ActionExecution',
  tableName: 'action_executions',
  properties: {
    accountId: p.uuid().primary(),
    enrollmentId: p.uuid().primary(),
    step: p.integer().primary(),
    userId: p.uuid(),
    action: p.text(),
    /** DONE, NO_CHANGE, RETRYING, FAILED or WAITING. */
    outcome: p.text(),
    attempts: p.integer(),
    reason: p.text().nullable(),
    executedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type ActionExecution = InferEntity<typeof ActionExecutionEntity>;
