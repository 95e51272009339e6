/** Reads workflows with their triggers: one, locked or not, and the lists of the account. */

import type { FilterQuery } from '@mikro-orm/core';
import { sql } from 'kysely';
import { enumName } from '../../calls/enum-name.ts';
import { DomainError } from '../../errors/domain-error.ts';
import type { ListTriggersRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import {
  type ListWorkflowsRequest,
  WorkflowStatusSchema,
} from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Transaction } from '../../store/database.ts';
import { type Workflow, WorkflowEntity } from '../../store/entities/workflow.ts';
import { type WorkflowTrigger, WorkflowTriggerEntity } from '../../store/entities/workflow-trigger.ts';
import { isAfterNameAndId, type Page, readPage } from '../../store/page.ts';
import { canonicalEventName } from '../event-types/event-types.ts';

/** A workflow and its trigger; null when it has none that is not deleted. */
export interface WorkflowWithTrigger {
  readonly workflow: Workflow;
  readonly trigger: WorkflowTrigger | null;
}

/** Finds ARCHIVED workflows too. Throws WORKFLOW_NOT_FOUND. */
export async function requireWorkflow(tx: Transaction, workflowId: string): Promise<Workflow> {
  const workflow = await tx.em.findOne(WorkflowEntity, { accountId: tx.accountId, id: workflowId });
  if (!workflow) {
    throw new DomainError('WORKFLOW_NOT_FOUND', `workflow ${workflowId} does not exist`, {
      metadata: { workflowId },
    });
  }
  return workflow;
}

/** Throws WORKFLOW_ARCHIVED: an archived workflow cannot change. */
export function requireNotArchived({ id, status }: Workflow): void {
  if (status === 'ARCHIVED') {
    throw new DomainError('WORKFLOW_ARCHIVED', `workflow ${id} was deleted`, {
      metadata: { workflowId: id },
    });
  }
}

export function liveTriggerOf(tx: Transaction, workflowId: string): Promise<WorkflowTrigger | null> {
  return tx.em.findOne(WorkflowTriggerEntity, { accountId: tx.accountId, workflowId, deletedAt: null });
}

/** The workflow's trigger; of an ARCHIVED workflow, the one that was deleted with it. */
export function lastTriggerOf(
  tx: Transaction,
  { id, status, updatedAt }: Workflow,
): Promise<WorkflowTrigger | null> {
  return status === 'ARCHIVED'
    ? tx.em.findOne(WorkflowTriggerEntity, { accountId: tx.accountId, workflowId: id, deletedAt: updatedAt })
    : liveTriggerOf(tx, id);
}

/** Finds deleted triggers too. Throws TRIGGER_NOT_FOUND. */
export async function requireTrigger(tx: Transaction, triggerId: string): Promise<WorkflowTrigger> {
  const trigger = await tx.em.findOne(WorkflowTriggerEntity, { accountId: tx.accountId, id: triggerId });
  if (!trigger) {
    throw new DomainError('TRIGGER_NOT_FOUND', `trigger ${triggerId} does not exist`, {
      metadata: { triggerId },
    });
  }
  return trigger;
}

/** Throws TRIGGER_DELETED. */
export function requireNotDeleted({ id, deletedAt }: WorkflowTrigger): void {
  if (deletedAt !== null && deletedAt !== undefined) {
    throw new DomainError('TRIGGER_DELETED', `trigger ${id} is deleted`, { metadata: { triggerId: id } });
  }
}

export function triggerExists(workflowId: string): DomainError {
  return new DomainError('TRIGGER_EXISTS', 'Trigger already exists', { metadata: { workflowId } });
}

/** Ordered by name, then id; without a status, all but ARCHIVED ones. PAGE_TOKEN_INVALID. */
export async function listWorkflows(
  tx: Transaction,
  request: ListWorkflowsRequest,
  defaultPageSize: number,
): Promise<Page<WorkflowWithTrigger>> {
  const { accountId, em } = tx;
  const status = request.status === 0 ? '' : enumName(WorkflowStatusSchema, request.status);
  const { nameContains } = request;
  const triggerEvent = canonicalEventName(request.triggerEvent);
  const tag = request.tag.normalize('NFC');
  const where: FilterQuery<Workflow> = {
    accountId,
    status: status || { $ne: 'ARCHIVED' },
    ...(nameContains ? { name: { $ilike: `%${nameContains.replaceAll(/[\\%_]/g, '\\$&')}%` } } : {}),
    ...(triggerEvent || tag ? { id: { $in: await findWorkflows(tx, { triggerEvent, tag }) } } : {}),
  };
  const page = await readPage(
    {
      filter: ['ListWorkflows', accountId, status, nameContains, triggerEvent, tag],
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

/** The workflows with a live trigger on the event, and with the tag; empty: with any. */
async function findWorkflows(
  { accountId, sql: db }: Transaction,
  { triggerEvent, tag }: { readonly triggerEvent: string; readonly tag: string },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select w.id from workflows w
    where w.account_id = ${accountId} and (${tag} = '' or w.tags ? ${tag})
      and (${triggerEvent} = '' or exists (
        select from workflow_triggers t
        where t.account_id = ${accountId} and t.workflow_id = w.id and t.trigger_event = ${triggerEvent}
          and t.deleted_at is null))`.execute(db);
  return rows.map(({ id }) => id);
}

/** Finds ARCHIVED workflows too. WORKFLOW_NOT_FOUND. */
export async function getWorkflow(tx: Transaction, workflowId: string): Promise<WorkflowWithTrigger> {
  const workflow = await requireWorkflow(tx, workflowId);
  return { workflow, trigger: await liveTriggerOf(tx, workflow.id) };
}

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
