/** ListWorkflows: the account's workflows, by name. GetWorkflow: one workflow with its trigger. */
import type { FilterQuery } from '@mikro-orm/core';
import { enumName } from '../../calls/enum-name.ts';
import {
  type ListWorkflowsRequest,
  WorkflowStatusSchema,
} from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { type Workflow, WorkflowEntity } from '../../store/entities/workflow.ts';
import { WorkflowTriggerEntity } from '../../store/entities/workflow-trigger.ts';
import { isAfterNameAndId, type Page, readPage } from '../../store/page.ts';
import { liveTriggerOf, requireWorkflow, type WorkflowWithTrigger } from './workflows.ts';

/** Ordered by name, then id; without a status filter, all but ARCHIVED ones. PAGE_TOKEN_INVALID. */
export async function listWorkflows(
  tx: Transaction,
  request: ListWorkflowsRequest,
  defaultPageSize: number,
): Promise<Page<WorkflowWithTrigger>> {
  const { accountId, em } = tx;
  const status = request.status === 0 ? '' : enumName(WorkflowStatusSchema, request.status);
  const where: FilterQuery<Workflow> = { accountId, status: status || { $ne: 'ARCHIVED' } };
  const page = await readPage(
    {
      filter: ['ListWorkflows', accountId, status],
      keyKinds: ['text', 'uuid'],
      defaultPageSize,
      keyOf: (workflow: Workflow) => [workflow.name, workflow.id],
      rows: (after, limit) =>
        em.find(WorkflowEntity, after ? { $and: [where, isAfterNameAndId(after)] } : where, {
          orderBy: { name: 'asc', id: 'asc' },
          limit,
        }),
      count: () => em.count(WorkflowEntity, where),
    },
    request,
  );
  const workflowId = { $in: page.rows.map(({ id }) => id) };
  const triggers = await em.find(WorkflowTriggerEntity, { accountId, workflowId, deletedAt: null });
  const triggerOf = new Map(triggers.map((trigger) => [trigger.workflowId, trigger]));
  const rows = page.rows.map((workflow) => ({ workflow, trigger: triggerOf.get(workflow.id) ?? null }));
  return { ...page, rows };
}

/** Finds ARCHIVED workflows too. WORKFLOW_NOT_FOUND. */
export async function getWorkflow(tx: Transaction, workflowId: string): Promise<WorkflowWithTrigger> {
  const workflow = await requireWorkflow(tx, workflowId);
  return { workflow, trigger: await liveTriggerOf(tx, workflow.id) };
}
