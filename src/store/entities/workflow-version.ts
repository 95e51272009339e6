/** Table workflow_versions: every state that a workflow had; runs keep the actions of theirs. */
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
    /** What was done, as the method that did it is called. */
    action: p.text(),
    actor: p.text(),
    recordedAt: p.type(InstantColumn).$type<bigint>(),
  },
});

export type WorkflowVersion = InferEntity<typeof WorkflowVersionEntity>;
