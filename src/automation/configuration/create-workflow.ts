/** CreateWorkflow: a DRAFT, with its trigger if the request brings one. */
import type { CreateWorkflowRequest } from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Change } from '../../store/change.ts';
import { addWorkflow } from './add-workflow.ts';
import type { Configured } from './configured.ts';
import { bumpRevision } from './revision.ts';
import { loadRulebook, type RulebookConfig } from './rulebook.ts';
import { canonicalActions } from './stored-actions.ts';
import { validateNewWorkflow } from './validation/validate-new-workflow.ts';
import { requireNone } from './validation/violations.ts';

/** VALIDATION_FAILED. */
export async function createWorkflow(
  change: Change,
  request: CreateWorkflowRequest,
  config: RulebookConfig,
): Promise<Configured> {
  const revision = await bumpRevision(change.tx);
  const rulebook = await loadRulebook(change.tx, config);
  const { name, description, trigger } = request;
  const actions = canonicalActions(request.actions);
  const read = await validateNewWorkflow(change.tx, { name, description, actions, trigger }, rulebook);
  requireNone(read.violations);
  const draft = { name, description, actions, trigger: read.trigger };
  return addWorkflow(change, revision, draft, { rulebook, action: 'CreateWorkflow' });
}
