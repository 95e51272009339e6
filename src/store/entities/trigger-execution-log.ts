/** Table trigger_execution_logs: events that a trigger’s filter matched, or that failed in it. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const TriggerExecutionLogEntity = defineEntity({
  name: 'TriggerExecutionLog',
  tableName: 'trigger_execution_logs',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    triggerId: p.uuid(),
    triggerVersion: p.integer(),
    workflowId: p.uuid(),
    userId: p.uuid(),
    eventId: p.uuid().nullable(),
    /** LIVE, TEST or REPLAY. */
    kind: p.text(),
    eventData: p.json().$type<Record<string, unknown>>(),
    matched: p.boolean(),
    enrolled: p.boolean(),
    /** A VerdictReason without its prefix; null when it enrolled. */
    failureReason: p.text().nullable(),
    enrollmentId: p.uuid().nullable(),
    /** The values that decided the verdict. */
    details: p.json().$type<Record<string, unknown>>(),
    executedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type TriggerExecutionLog = InferEntity<typeof TriggerExecutionLogEntity>;
