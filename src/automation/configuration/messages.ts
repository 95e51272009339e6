/** Converts workflows and triggers to messages. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { enumValue } from '../../calls/enum-name.ts';
import { FilterUnreadable } from '../../filters/filter.ts';
import type { TriggerSchema, TriggerVersionSchema } from '../../gen/automation/v1/trigger_pb.ts';
import {
  type WorkflowSchema,
  WorkflowStatusSchema,
  type WorkflowVersionSchema,
} from '../../gen/automation/v1/workflow_service_pb.ts';
import type { TriggerVersion } from '../../store/entities/trigger-version.ts';
import type { Workflow } from '../../store/entities/workflow.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import type { WorkflowVersion } from '../../store/entities/workflow-version.ts';
import { type Instant, instantToTimestamp } from '../../values/instant.ts';
import type { Configured, ConfiguredTrigger } from './configuration-context.ts';
import { etagOf } from './etag.ts';
import { filterToMessage } from './filter-message.ts';
import { readStoredActions } from './stored-actions.ts';
import { readStoredExits } from './stored-exits.ts';
import { readStoredTrigger } from './trigger-draft.ts';
import type { WorkflowWithTrigger } from './workflows.ts';

function lifetime(row: { createdAt: Instant; updatedAt: Instant }) {
  return { createdAt: instantToTimestamp(row.createdAt), updatedAt: instantToTimestamp(row.updatedAt) };
}

/** With the secrets of its webhooks, which no answer has; see secret-fields.ts. */
export function workflowMessage({
  workflow,
  trigger,
}: WorkflowWithTrigger): MessageInitShape<typeof WorkflowSchema> {
  const { id, name, description, tags, version, createdBy } = workflow;
  return {
    ...{ id, name, description, tags, version, createdBy },
    status: enumValue(WorkflowStatusSchema, workflow.status),
    actions: readStoredActions(workflow.actions),
    exits: readStoredExits(workflow.exits),
    ...(trigger ? { trigger: triggerMessage(trigger) } : {}),
    etag: etagOf(workflow),
    ...lifetime(workflow),
  };
}

export function triggerMessage(trigger: WorkflowTrigger): MessageInitShape<typeof TriggerSchema> {
  const { id, workflowId, version, createdBy, deletedAt, triggerType, triggerEvent, isActive } = trigger;
  return {
    ...{ id, workflowId, version, createdBy, triggerType, triggerEvent, isActive },
    ...ruleMessage(trigger),
    etag: etagOf(trigger),
    ...lifetime(trigger),
    ...(deletedAt ? { deletedAt: instantToTimestamp(deletedAt) } : {}),
  };
}

/** A stored trigger that cannot be read is marked as damaged, so that it is listed and can be repaired. */
function ruleMessage(
  trigger: WorkflowTrigger,
): Pick<MessageInitShape<typeof TriggerSchema>, 'filter' | 'settings' | 'problem'> {
  try {
    const { filter, settings } = readStoredTrigger(trigger);
    return { filter: filterToMessage(filter), settings };
  } catch (error) {
    return { problem: error instanceof FilterUnreadable ? error.message : `settings: ${error}` };
  }
}

/** An earlier version of a trigger. */
export function triggerVersionMessage(
  trigger: WorkflowTrigger,
  row: TriggerVersion,
): MessageInitShape<typeof TriggerVersionSchema> {
  const { version, action, actor, recordedAt, deletedAt, triggerType, triggerEvent, isActive } = row;
  const { filters, settings } = row;
  const then = { triggerType, triggerEvent, filters, settings, isActive, version, deletedAt };
  return {
    ...{ version, action, actor },
    trigger: triggerMessage({ ...trigger, ...then, updatedAt: recordedAt }),
    recordedAt: instantToTimestamp(recordedAt),
  };
}

/** An earlier version of a workflow, without its trigger. */
export function workflowVersionMessage(
  workflow: Workflow,
  row: WorkflowVersion,
): MessageInitShape<typeof WorkflowVersionSchema> {
  const { version, action, actor, recordedAt, name, description, tags, status, actions, exits } = row;
  const then = {
    ...workflow,
    ...{ version, name, description, tags, status, actions, exits },
    updatedAt: recordedAt,
  };
  return {
    ...{ version, action, actor },
    workflow: workflowMessage({ workflow: then, trigger: null }),
    recordedAt: instantToTimestamp(recordedAt),
  };
}

/** The response of RPCs that change workflows. */
export function configuredMessage({ warnings, ...configured }: Configured) {
  return { workflow: workflowMessage(configured), warnings: [...warnings] };
}

/** The response of RPCs that change triggers. */
export function configuredTriggerMessage({ trigger, warnings }: ConfiguredTrigger) {
  return { trigger: triggerMessage(trigger), warnings: [...warnings] };
}
