/** CreateWorkflow: adds a DRAFT workflow, with its trigger if the request has one. */
import { canonicalTags } from '../../athletes/tags.ts';
import type { Action } from '../../gen/automation/v1/action_pb.ts';
import type { CreateWorkflowRequest, ExitGoal } from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Change } from '../../store/change.ts';
import { WorkflowEntity } from '../../store/entities/workflow.ts';
import { newId } from '../../values/new-id.ts';
import {
  type ConfigurationContext,
  type Configured,
  type ContextConfig,
  loadConfigurationContext,
} from './configuration-context.ts';
import { addTrigger } from './configure-trigger.ts';
import { bumpRevision } from './etag.ts';
import { recordWorkflow } from './record.ts';
import { canonicalActions, storedActions } from './stored-actions.ts';
import { canonicalExits, storedExits } from './stored-exits.ts';
import type { TriggerDraft } from './trigger-draft.ts';
import { requireNone } from './validation/field-checks.ts';
import { validateNewWorkflow } from './validation/validate-workflow.ts';
import { checkConfigured, missingSecrets } from './warnings.ts';

/** VALIDATION_FAILED. */
export async function createWorkflow(
  change: Change,
  request: CreateWorkflowRequest,
  config: ContextConfig,
): Promise<Configured> {
  const revision = await bumpRevision(change.tx);
  const context = await loadConfigurationContext(change.tx, config);
  const { name, description, trigger } = request;
  const actions = canonicalActions(request.actions);
  const exits = canonicalExits(request.exits);
  const input = { name, description, tags: canonicalTags(request.tags), actions, trigger, exits };
  const read = await validateNewWorkflow(change.tx, input, context);
  requireNone(read.violations);
  const draft = { ...input, trigger: read.trigger };
  const made = await addWorkflow(change, revision, draft, { context, action: 'CreateWorkflow' });
  return { ...made, warnings: [...missingSecrets(request.actions, actions, 'actions'), ...made.warnings] };
}

/** A valid workflow that is not stored yet. */
export interface WorkflowDraft {
  readonly name: string;
  readonly description: string;
  /** Canonical. */
  readonly tags: readonly string[];
  readonly actions: readonly Action[];
  readonly exits: readonly ExitGoal[];
  readonly trigger: TriggerDraft | undefined;
}

/** Adds a DRAFT. `action` is the name of the RPC. */
export async function addWorkflow(
  change: Change,
  revision: bigint,
  draft: WorkflowDraft,
  { context, action }: { context: ConfigurationContext; action: string },
): Promise<Configured> {
  const { tx, now, actor } = change;
  const { name, description } = draft;
  const workflow = tx.em.create(WorkflowEntity, {
    ...{ accountId: tx.accountId, id: newId(), name, description, status: 'DRAFT', version: 1 },
    ...{ tags: [...draft.tags], actions: storedActions(draft.actions), exits: storedExits(draft.exits) },
    ...{ createdBy: actor, createdAt: now, updatedAt: now },
  });
  // Flushed first: its version references it, which MikroORM does not know.
  await tx.em.flush();
  recordWorkflow(change, workflow, { action, before: null });
  const trigger = draft.trigger
    ? await addTrigger(change, revision, { workflow, draft: draft.trigger, action })
    : null;
  return { workflow, trigger, warnings: await checkConfigured(tx, { workflow, trigger }, context) };
}
