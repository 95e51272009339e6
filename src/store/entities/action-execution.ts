/** Table action_executions: the result of each step of a run. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

/** The times are RFC 3339. */
export interface StepTry {
  readonly startedAt: string;
  readonly endedAt: string;
  /** DONE, NO_CHANGE, RETRYING or FAILED. */
  readonly outcome: string;
  readonly reason: string | null;
  /** What failed and why; absent: it did not fail, or for a reason that passes. */
  readonly detail?: string;
}

export const ActionExecutionEntity = defineEntity({
  name: 'ActionExecution',
  tableName: 'action_executions',
  properties: {
    accountId: p.uuid().primary(),
    enrollmentId: p.uuid().primary(),
    step: p.integer().primary(),
    userId: p.uuid(),
    action: p.text(),
    /** For example `actions[1].branch.then[0]`; null: recorded before there were branches, `actions[<step>]`. */
    path: p.text().nullable(),
    /** Which list of its own the step chose; null: it has none, or did not choose. */
    taken: p.text().nullable(),
    /** DONE, NO_CHANGE, RETRYING, FAILED or WAITING. */
    outcome: p.text(),
    attempts: p.integer(),
    reason: p.text().nullable(),
    /** What a webhook's receiver answered: `status`, and `body` if it was JSON; null for other steps. */
    answer: p.json().nullable(),
    /** What the step changed: `told`, events with `type`, `data` and `previous`, and `leftOut`; null for nothing. */
    changes: p.json().nullable(),
    /** Every try, oldest first; of steps before tries were kept, those since. */
    tries: p.json().$type<StepTry[]>().default([]),
    executedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type ActionExecution = InferEntity<typeof ActionExecutionEntity>;
