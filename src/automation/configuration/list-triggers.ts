/** ListTriggers: the account's triggers, newest first. GetTrigger: one trigger, deleted or not. */
import type { FilterQuery } from '@mikro-orm/core';
import type { ListTriggersRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { type WorkflowTrigger, WorkflowTriggerEntity } from '../../store/entities/workflow-trigger.ts';
import { type Page, readPage } from '../../store/page.ts';
import { canonicalEventName } from '../event-types/event-types.ts';
import { requireTrigger } from './workflows.ts';

/** Ordered by creation, then id. PAGE_TOKEN_INVALID. */
export function listTriggers(
  { accountId, em }: Transaction,
  request: ListTriggersRequest,
  defaultPageSize: number,
): Promise<Page<WorkflowTrigger>> {
  const { workflowId, includeDeleted } = request;
  const triggerEvent = canonicalEventName(request.triggerEvent);
  const where: FilterQuery<WorkflowTrigger> = {
    accountId,
    ...(workflowId ? { workflowId } : {}),
    ...(triggerEvent ? { triggerEvent } : {}),
    ...(includeDeleted ? {} : { deletedAt: null }),
  };
  return readPage(
    {
      filter: ['ListTriggers', accountId, workflowId, triggerEvent, String(includeDeleted)],
      keyKinds: ['instant', 'uuid'],
      defaultPageSize,
      keyOf: (trigger: WorkflowTrigger) => [trigger.createdAt, trigger.id],
      rows: (after, limit) =>
        em.find(WorkflowTriggerEntity, after ? { $and: [where, isBehind(after)] } : where, {
          orderBy: { createdAt: 'desc', id: 'desc' },
          limit,
        }),
      count: () => em.count(WorkflowTriggerEntity, where),
    },
    request,
  );
}

function isBehind([createdAt, id]: readonly [bigint, string]): FilterQuery<WorkflowTrigger> {
  return { $or: [{ createdAt: { $lt: createdAt } }, { createdAt, id: { $lt: id } }] };
}

/** TRIGGER_NOT_FOUND. */
export function getTrigger(tx: Transaction, triggerId: string): Promise<WorkflowTrigger> {
  return requireTrigger(tx, triggerId);
}
