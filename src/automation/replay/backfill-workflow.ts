/**
 * BackfillWorkflow: counts the athletes that a workflow's filter matches today, and starts to enroll them.
 */

import type { MessageInitShape } from '@bufbuild/protobuf';
import { LockMode } from '@mikro-orm/core';
import type { Limits } from '../../config/config.ts';
import { DomainError, invalidFields } from '../../errors/domain-error.ts';
import { FilterUnreadable } from '../../filters/filter.ts';
import type {
  BackfillWorkflowRequest,
  BackfillWorkflowResponseSchema,
} from '../../gen/automation/v1/workflow_service_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import { BackfillEntity } from '../../store/entities/backfill.ts';
import type { Workflow } from '../../store/entities/workflow.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import type { Instant } from '../../values/instant.ts';
import { newId } from '../../values/new-id.ts';
import { etagOf } from '../configuration/etag.ts';
import { readStoredTrigger } from '../configuration/trigger-draft.ts';
import { liveTriggerOf, requireWorkflow } from '../configuration/workflows.ts';
import { loadAccountTypes } from '../event-types/account-types.ts';
import { countMatchingAthletes } from '../inspection/count-matching-athletes.ts';
import { createConfirmation, requireConfirmation } from './confirmation-token.ts';

type Answer = MessageInitShape<typeof BackfillWorkflowResponseSchema>;

/**
 * Errors: WORKFLOW_NOT_FOUND, WORKFLOW_NOT_ACTIVE; VALIDATION_FAILED for an unreadable stored filter. With a
 * token also those of `requireConfirmation`, and BACKFILL_UNDER_WAY.
 */
export async function backfillWorkflow(
  change: Change,
  { workflowId, confirmationToken, ratePerMinute }: BackfillWorkflowRequest,
  limits: Limits,
): Promise<Answer> {
  const { tx, now } = change;
  const workflow = await requireWorkflow(tx, workflowId);
  // Serializes concurrent confirmations of the same workflow.
  await tx.em.lock(workflow, LockMode.PESSIMISTIC_WRITE);
  const trigger = await requireActiveTrigger(tx, workflow);
  const count = await countAthletes(tx, trigger, now);
  const plan = {
    ...{ method: 'BackfillWorkflow', accountId: tx.accountId, workflowId: workflow.id, count },
    state: [etagOf(workflow), etagOf(trigger)],
  };
  if (!confirmationToken) {
    return { estimatedCount: count, confirmationToken: createConfirmation(plan, now) };
  }
  requireConfirmation(confirmationToken, plan, now, limits);
  await refuseSecondBackfill(tx, workflow.id);
  const rate = ratePerMinute || limits.backfillRatePerMinute;
  return { estimatedCount: count, backfillId: startBackfill(change, workflow.id, { count, rate }) };
}

/** Throws WORKFLOW_NOT_ACTIVE. */
export async function requireActiveTrigger(
  tx: Transaction,
  { id, status }: Workflow,
): Promise<WorkflowTrigger> {
  const trigger = await liveTriggerOf(tx, id);
  if (status !== 'ACTIVE' || !trigger?.isActive) {
    throw new DomainError('WORKFLOW_NOT_ACTIVE', `workflow ${id} or its trigger is not active`, {
      metadata: { workflowId: id, status },
    });
  }
  return trigger;
}

async function countAthletes(tx: Transaction, trigger: WorkflowTrigger, now: Instant): Promise<number> {
  const types = await loadAccountTypes(tx);
  const type = types.eventType(trigger.triggerEvent);
  try {
    if (!type) {
      throw new FilterUnreadable('trigger_event', 'is no event of the account');
    }
    const catalogue = types.fieldCatalogue(type);
    const { filter } = readStoredTrigger(trigger);
    const found = await countMatchingAthletes(tx, filter, catalogue, { now, samples: 0, onlyOptedIn: true });
    return found.count;
  } catch (error) {
    if (error instanceof FilterUnreadable) {
      throw invalidFields([{ field: error.path, description: error.message }]);
    }
    throw error;
  }
}

async function refuseSecondBackfill({ accountId, em }: Transaction, workflowId: string): Promise<void> {
  const running = await em.findOne(BackfillEntity, { accountId, workflowId, endedAt: null });
  if (running) {
    throw new DomainError('BACKFILL_UNDER_WAY', `workflow ${workflowId} is being backfilled`, {
      metadata: { workflowId, backfillId: running.id },
    });
  }
}

function startBackfill(
  change: Change,
  workflowId: string,
  { count, rate }: { readonly count: number; readonly rate: number },
): string {
  const { tx, now, actor } = change;
  const id = newId();
  tx.em.create(BackfillEntity, {
    ...{ accountId: tx.accountId, id, workflowId, ratePerMinute: rate },
    ...{ position: null, enrolledCount: 0, dueAt: now },
    ...{ startedBy: actor, startedAt: now, endedAt: null },
  });
  audit(change, {
    action: 'BackfillWorkflow',
    targetType: 'workflow',
    targetId: workflowId,
    before: null,
    after: { backfillId: id, estimatedCount: count, ratePerMinute: rate },
  });
  return id;
}
