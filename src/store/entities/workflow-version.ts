/** Table workflow_versions: all versions of workflows; a run keeps the actions of its version. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const WorkflowVersionEntity = defineEntity({
  name: 'WorkflowVersion',
  tableName: 'workflow_versions',
  properties: {
    accountId: p.uuid().primary(),
    workflowId: p.uuid().primary(),
    version: p.integer().primary(),
    name: p.text(),
    description: p.text(),
    status: p.text(),
    actions: p.json().$type<unknown[]>(),
    /** Each as the proto3 JSON of automation.v1.ExitGoal. */
    exits: p.json().$type<unknown[]>().default([]),
    /** In NFC, each once. */
    tags: p.json().$type<string[]>().default([]),
    /** The method that made the version. */
    action: p.text(),
    actor: p.text(),
    recordedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type WorkflowVersion = InferEntity<typeof WorkflowVersionEntity>;
