/**
 * ListTriggerVersions: every version of a trigger, newest first. RollbackTrigger: makes an earlier version
 * the newest one.
 */

import { DomainError } from '../../errors/domain-error.ts';
import type {
  ListTriggerVersionsRequest,
  RollbackTriggerRequest,
} from '../../gen/automation/v1/trigger_service_pb.ts';
import type { Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import { type TriggerVersion, TriggerVersionEntity } from '../../store/entities/trigger-version.ts';
import type { WorkflowTrigger } from '../../store/entities/workflow-trigger.ts';
import { type Page, readPage } from '../../store/page.ts';
import {
  type ConfiguredTrigger,
  type ContextConfig,
  loadConfigurationContext,
} from './configuration-context.ts';
import { bumpRevision, requireEtag } from './etag.ts';
import { replaceTrigger } from './update-trigger.ts';
import { readRecordedTrigger } from './validation/validate-trigger.ts';
import { requireNotDeleted, requireTrigger, requireWorkflow } from './workflows.ts';

/** TRIGGER_NOT_FOUND, PAGE_TOKEN_INVALID. */
export async function listTriggerVersions(
  tx: Transaction,
  request: ListTriggerVersionsRequest,
  defaultPageSize: number,
): Promise<Page<TriggerVersion> & { trigger: WorkflowTrigger }> {
  const { accountId, em } = tx;
  const trigger = await requireTrigger(tx, request.triggerId);
  const where = { accountId, triggerId: trigger.id };
  const page = await readPage(
    {
      filter: ['ListTriggerVersions', accountId, trigger.id],
      keyKinds: ['integer'],
      defaultPageSize,
      keyOf: ({ version }: TriggerVersion) => [version],
      rows: (after, limit) =>
        em.find(TriggerVersionEntity, after ? { ...where, version: { $lt: after[0] } } : where, {
          orderBy: { version: 'desc' },
          limit,
        }),
      count: () => em.count(TriggerVersionEntity, where),
    },
    request,
  );
  return { ...page, trigger };
}

/**
 * TRIGGER_NOT_FOUND, TRIGGER_DELETED, ETAG_MISMATCH, TRIGGER_VERSION_NOT_FOUND, TRIGGER_LOOP;
 * VALIDATION_FAILED when the version does not match the account's current events and fields.
 */
export async function rollbackTrigger(
  change: Change,
  request: RollbackTriggerRequest,
  config: ContextConfig,
): Promise<ConfiguredTrigger> {
  const { tx } = change;
  const revision = await bumpRevision(tx);
  const trigger = await requireTrigger(tx, request.triggerId);
  requireNotDeleted(trigger);
  requireEtag(request.etag, trigger);
  const version = await requireVersion(tx, trigger.id, request.version);
  const context = await loadConfigurationContext(tx, config);
  const draft = readRecordedTrigger(version, context.types, config.limits, 'trigger');
  const workflow = await requireWorkflow(tx, trigger.workflowId);
  return replaceTrigger(
    change,
    revision,
    { trigger, workflow, draft },
    { context, action: 'RollbackTrigger' },
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
