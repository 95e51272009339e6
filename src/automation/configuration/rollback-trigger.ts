/** RollbackTrigger: makes a version that the trigger had its newest one, validated as if it were new. */
import { DomainError } from '../../domain-error.ts';
import type { RollbackTriggerRequest } from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import { type TriggerVersion, TriggerVersionEntity } from '../../store/entities/trigger-version.ts';
import type { ConfiguredTrigger } from './configured.ts';
import { requireEtag } from './etag.ts';
import { replaceTrigger } from './replace-trigger.ts';
import { bumpRevision } from './revision.ts';
import { loadRulebook, type RulebookConfig } from './rulebook.ts';
import { readRecordedTrigger } from './validation/validate-trigger.ts';
import { requireNotDeleted, requireTrigger, requireWorkflow } from './workflows.ts';

/**
 * TRIGGER_NOT_FOUND, TRIGGER_DELETED, ETAG_MISMATCH, TRIGGER_VERSION_NOT_FOUND, TRIGGER_LOOP; VALIDATION_FAILED when
 * the version does not fit the account's events and fields of today.
 */
export async function rollbackTrigger(
  change: Change,
  request: RollbackTriggerRequest,
  config: RulebookConfig,
): Promise<ConfiguredTrigger> {
  const { tx } = change;
  const revision = await bumpRevision(tx);
  const trigger = await requireTrigger(tx, request.triggerId);
  requireNotDeleted(trigger);
  requireEtag(request.etag, trigger);
  const version = await requireVersion(tx, trigger.id, request.version);
  const rulebook = await loadRulebook(tx, config);
  const draft = readRecordedTrigger(version, rulebook.types, config.limits, 'trigger');
  const workflow = await requireWorkflow(tx, trigger.workflowId);
  return replaceTrigger(
    change,
    revision,
    { trigger, workflow, draft },
    { rulebook, action: 'RollbackTrigger' },
  );
}

async function requireVersion(
  { em, accountId }: Transaction,
  triggerId: string,
  version: number,
): Promise<TriggerVersion> {
  const found = await em.findOne(TriggerVersionEntity, { accountId, triggerId, version });
  if (!found) {
    throw new DomainError('TRIGGER_VERSION_NOT_FOUND', `the trigger has no version ${version}`, {
      metadata: { triggerId, version: String(version) },
    });
  }
  return found;
}
