/** Records a configuration change: a version, an audit entry, and the change of activation. */

import { hideSecrets } from '../../calls/secret-fields.ts';
import { ActionSchema } from '../../gen/automation/v1/action_pb.ts';
import { audit, type Change } from '../../store/change.ts';
import { TriggerVersionEntity } from '../../store/entities/trigger-version.ts';
import type { Workflow } from '../../store/entities/workflow.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import { WorkflowVersionEntity } from '../../store/entities/workflow-version.ts';
import { emit } from '../../store/outbox.ts';
import { type Activation, applyActivation, INACTIVE, readActivation, triggerFact } from './activation.ts';
import { readStoredActions, storedActions } from './stored-actions.ts';

/** The state before a change; taken before the change starts. */
export interface Before {
  readonly audited: Record<string, unknown> | null;
  readonly activation: Activation;
}

export const NOTHING_BEFORE: Before = { audited: null, activation: INACTIVE };

export function triggerBefore(trigger: WorkflowTrigger, workflow: Workflow): Before {
  return { audited: auditedTrigger(trigger), activation: readActivation(trigger, workflow) };
}

/** The workflow in the audit trail, without secrets. */
export function auditedWorkflow(workflow: Workflow): Record<string, unknown> {
  const { name, description, tags, status, version } = workflow;
  const shown = readStoredActions(workflow.actions).map((action) => hideSecrets(ActionSchema, action));
  const { exits } = workflow;
  return { name, description, tags, status, actions: storedActions(shown), exits, version };
}

/** The trigger in the audit trail. */
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
  const { id, version, name, description, tags, status, actions, exits } = workflow;
  tx.em.create(WorkflowVersionEntity, {
    ...{ accountId: tx.accountId, workflowId: id, version, name, description, tags, status, actions, exits },
    ...{ action, actor, recordedAt: now },
  });
  audit(change, {
    ...{ action, targetType: 'workflow', targetId: id },
    ...{ before, after: auditedWorkflow(workflow) },
  });
}

/** A version of a trigger to record. */
export interface TriggerChange {
  /** The current state, flushed. */
  readonly trigger: WorkflowTrigger;
  readonly workflow: Workflow;
  /** The name of the RPC. */
  readonly action: string;
  readonly before: Before;
}

/** Records the trigger's newest version, and applies the change of its activation. */
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
  const { activation } = before;
  const facts = await applyActivation(change, revision, { trigger, workflow, before: activation });
  const configured = deletedAt ? [] : [triggerFact('trigger_configured', trigger)];
  emit(change, null, [...configured, ...facts]);
}

/** Applies the change of a workflow's status to its trigger, whose version stays. */
export async function followStatus(
  change: Change,
  revision: bigint,
  concerned: { trigger: WorkflowTrigger; workflow: Workflow; before: Activation },
): Promise<void> {
  emit(change, null, await applyActivation(change, revision, concerned));
}
