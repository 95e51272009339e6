/** UpdateTrigger: replaces the trigger's configuration. */
import type { UpdateTriggerRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Change } from '../../store/change.ts';
import type { ConfiguredTrigger } from './configured.ts';
import { requireEtag } from './etag.ts';
import { replaceTrigger } from './replace-trigger.ts';
import { bumpRevision } from './revision.ts';
import { loadRulebook, type RulebookConfig } from './rulebook.ts';
import { readRequiredTrigger } from './validation/validate-trigger.ts';
import { requireNotDeleted, requireTrigger, requireWorkflow } from './workflows.ts';

/** VALIDATION_FAILED, TRIGGER_NOT_FOUND, TRIGGER_DELETED, ETAG_MISMATCH, TRIGGER_LOOP. */
export async function updateTrigger(
  change: Change,
  request: UpdateTriggerRequest,
  config: RulebookConfig,
): Promise<ConfiguredTrigger> {
  const { tx } = change;
  const revision = await bumpRevision(tx);
  const rulebook = await loadRulebook(tx, config);
  const draft = readRequiredTrigger(request.trigger, rulebook.types, config.limits, 'trigger');
  const trigger = await requireTrigger(tx, request.triggerId);
  requireNotDeleted(trigger);
  requireEtag(request.etag, trigger);
  const workflow = await requireWorkflow(tx, trigger.workflowId);
  return replaceTrigger(
    change,
    revision,
    { trigger, workflow, draft },
    { rulebook, action: 'UpdateTrigger' },
  );
}
