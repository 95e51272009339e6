/** ConfigureTrigger: gives a workflow its trigger. */
import type { ConfigureTriggerRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Change } from '../../store/change.ts';
import { addTrigger } from './add-trigger.ts';
import type { ConfiguredTrigger } from './configured.ts';
import { guardLoops } from './loops/guard-loops.ts';
import { bumpRevision } from './revision.ts';
import { loadRulebook, type RulebookConfig } from './rulebook.ts';
import { readRequiredTrigger } from './validation/validate-trigger.ts';
import { liveTriggerOf, requireNotArchived, requireWorkflow, triggerExists } from './workflows.ts';

/** VALIDATION_FAILED, WORKFLOW_NOT_FOUND, WORKFLOW_ARCHIVED, TRIGGER_EXISTS, TRIGGER_LOOP. */
export async function configureTrigger(
  change: Change,
  request: ConfigureTriggerRequest,
  config: RulebookConfig,
): Promise<ConfiguredTrigger> {
  const { tx } = change;
  const revision = await bumpRevision(tx);
  const rulebook = await loadRulebook(tx, config);
  const draft = readRequiredTrigger(request.trigger, rulebook.types, config.limits, 'trigger');
  const workflow = await requireWorkflow(tx, request.workflowId);
  requireNotArchived(workflow);
  if (await liveTriggerOf(tx, workflow.id)) {
    throw triggerExists(workflow.id);
  }
  const trigger = await addTrigger(change, revision, { workflow, draft, action: 'ConfigureTrigger' });
  return { trigger, warnings: await guardLoops(tx, { workflow, trigger }, rulebook) };
}
