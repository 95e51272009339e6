/** Table workflow_triggers: the triggers of workflows. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const WorkflowTriggerEntity = defineEntity({
  name: 'WorkflowTrigger',
  tableName: 'workflow_triggers',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    workflowId: p.uuid(),
    triggerType: p.text(),
    triggerEvent: p.text(),
    /** A FilterGroup of filters/. */
    filters: p.json().$type<Record<string, unknown>>(),
    /** The proto3 JSON of automation.v1.TriggerSettings. */
    settings: p.json().$type<Record<string, unknown>>(),
    isActive: p.boolean(),
    version: p.integer(),
    /** The account's automation revision of the last change of its activation or configuration. */
    revision: p.bigint('bigint'),
    createdBy: p.text(),
    createdAt: p.type(InstantColumn).$type<bigint>(),
    updatedAt: p.type(InstantColumn).$type<bigint>(),
    deletedAt: p.type(InstantColumn).$type<bigint>().nullable(),
  },
});

export type WorkflowTrigger = InferEntity<typeof WorkflowTriggerEntity>;
