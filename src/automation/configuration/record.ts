/** The trace of a change: a version, a row of the audit trail, and what follows from it. */
import { hideSecrets } from '../../calls/secret-fields.ts';
import { ActionSchema } from '../../gen/automation/v1/action_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import { TriggerVersionEntity } from '../../store/entities/trigger-version.ts';
import type { Workflow } from '../../store/entities/workflow.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import { WorkflowVersionEntity } from '../../store/entities/workflow-version.ts';
import { emit } from '../../store/outbox.ts';
import { NO_STANDING, type Standing, settleParticipation, standingOf, triggerFact } from './participation.ts';
import { readStoredActions, storedActions } from './stored-actions.ts';

/** How things stood before a change; taken before anything of it happens. */
export interface Before {
  readonly audited: Record<string, unknown> | null;
  readonly standing: Standing;
}

export const NOTHING_BEFORE: Before = { audited: null, standing: NO_STANDING };

export function triggerBefore(trigger: WorkflowTrigger, workflow: Workflow): Before {
  return { audited: auditedTrigger(trigger), standing: standingOf(trigger, workflow) };
}

/** What the audit trail keeps of a workflow: no secret. */
export function auditedWorkflow(workflow: Workflow): Record<string, unknown> {
  const { name, description, status, version } = workflow;
  const shown = readStoredActions(workflow.actions).map((action) => hideSecrets(ActionSchema, action));
  return { name, description, status, actions: storedActions(shown), version };
}

/** What the audit trail keeps of a trigger. */
export function auditedTrigger(trigger: WorkflowTrigger): Record<string, unknown> {
  const { workflowId, triggerType, triggerEvent, filters, settings, isActive, version } = trigger;
  const isDeleted = Boolean(trigger.deletedAt);
  return { workflowId, triggerType, triggerEvent, filters, settings, isActive, isDeleted, version };
}

/** Records the workflow's newest version; a new workflow has been flushed. */
export function recordWorkflow(
  change: Change,
  workflow: Workflow,
  { action, before }: { action: string; before: Record<string, unknown> | null },
): void {
  const { tx, now, actor } = change;
  const { id, version, name, description, status, actions } = workflow;
  tx.em.create(WorkflowVersionEntity, {
    ...{ accountId: tx.accountId, workflowId: id, version, name, description, status, actions },
    ...{ action, actor, recordedAt: now },
  });
  audit(change, {
    ...{ action, targetType: 'workflow', targetId: id },
    ...{ before, after: auditedWorkflow(workflow) },
  });
}

/** A version of a trigger that is to be recorded. */
export interface TriggerChange {
  /** As it is now, flushed. */
  readonly trigger: WorkflowTrigger;
  readonly workflow: Workflow;
  /** The method's name. */
  readonly action: string;
  readonly before: Before;
}

/** Records the trigger's newest version, and settles what follows from it. */
export async function recordTrigger(
  change: Change,
  revision: bigint,
  { trigger, workflow, action, before }: TriggerChange,
): Promise<void> {
  const { tx, now, actor } = change;
  const { id, version, triggerType, triggerEvent, filters, settings, isActive, deletedAt } = trigger;
  tx.em.create(TriggerVersionEntity, {
    ...{ accountId: tx.accountId, triggerId: id, version, triggerType, triggerEvent, filters, settings },
    ...{ isActive, deletedAt, action, actor, recordedAt: now },
  });
  audit(change, {
    ...{ action, targetType: 'trigger', targetId: id },
    ...{ before: before.audited, after: auditedTrigger(trigger) },
  });
  const { standing } = before;
  const facts = await settleParticipation(change, revision, { trigger, workflow, before: standing });
  const configured = deletedAt ? [] : [triggerFact('trigger_configured', trigger)];
  emit(change, null, [...configured, ...facts]);
}

/** Settles what a change of the workflow's status means for its trigger, whose version stays. */
export async function followStatus(
  change: Change,
  revision: bigint,
  concerned: { trigger: WorkflowTrigger; workflow: Workflow; before: Standing },
): Promise<void> {
  emit(change, null, await settleParticipation(change, revision, concerned));
}
