/** Table workflows. */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import { InstantColumn } from '../driver/column-types.ts';

export const WorkflowEntity = defineEntity({
  name: 'Workflow',
  tableName: 'workflows',
  properties: {
    accountId: p.uuid().primary(),
    id: p.uuid().primary(),
    name: p.text(),
    description: p.text(),
    /** DRAFT, ACTIVE, PAUSED or ARCHIVED. */
    status: p.text(),
    /** Each as the proto3 JSON of automation.v1.Action. */
    actions: p.json().$type<unknown[]>(),
    /** Each as the proto3 JSON of automation.v1.ExitGoal. */
    exits: p.json().$type<unknown[]>().default([]),
    /** In NFC, each once. */
    tags: p.json().$type<string[]>().default([]),
    version: p.integer(),
    createdBy: p.text(),
    createdAt: p.type(InstantColumn).$type<bigint>(),
    updatedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type Workflow = InferEntity<typeof WorkflowEntity>;
