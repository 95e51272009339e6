/** RestoreTrigger: brings a deleted trigger back, validated as if it were new. */
import type { Change } from '../../store/change.ts';
import type { ConfiguredTrigger } from './configured.ts';
import { replaceTrigger } from './replace-trigger.ts';
import { bumpRevision } from './revision.ts';
import { loadRulebook, type RulebookConfig } from './rulebook.ts';
import { readRecordedTrigger } from './validation/validate-trigger.ts';
import {
  liveTriggerOf,
  requireNotArchived,
  requireTrigger,
  requireWorkflow,
  triggerExists,
} from './workflows.ts';

/**
 * TRIGGER_NOT_FOUND, VALIDATION_FAILED, WORKFLOW_ARCHIVED, TRIGGER_LOOP; TRIGGER_EXISTS when the workflow has another
 * by now. One that is not deleted stays as it is.
 */
export async function restoreTrigger(
  change: Change,
  triggerId: string,
  config: RulebookConfig,
): Promise<ConfiguredTrigger> {
  const { tx } = change;
  const revision = await bumpRevision(tx);
  const trigger = await requireTrigger(tx, triggerId);
  if (!trigger.deletedAt) {
    return { trigger, warnings: [] };
  }
  const rulebook = await loadRulebook(tx, config);
  const draft = readRecordedTrigger(trigger, rulebook.types, config.limits, 'trigger');
  const workflow = await requireWorkflow(tx, trigger.workflowId);
  requireNotArchived(workflow);
  if (await liveTriggerOf(tx, workflow.id)) {
    throw triggerExists(workflow.id);
  }
  return replaceTrigger(
    change,
    revision,
    { trigger, workflow, draft },
    { rulebook, action: 'RestoreTrigger' },
  );
}
