/**
 * ListWorkflowVersions: every version of a workflow, newest first. CompareWorkflowVersions: what differs between two.
 * RollbackWorkflow: makes an earlier version the newest one.
 */
import { fromJson, type JsonObject, type MessageInitShape, toJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { DomainError, invalidFields } from '../../errors/domain-error.ts';
import { ActionSchema } from '../../gen/automation/v1/action_pb.ts';
import {
  type CompareWorkflowVersionsRequest,
  type CompareWorkflowVersionsResponseSchema,
  ExitGoalSchema,
  type ListWorkflowVersionsRequest,
  type RollbackWorkflowRequest,
} from '../../gen/automation/v1/workflow_service_pb.ts';
import type { Change } from '../../store/change.ts';
import type { Transaction } from '../../store/database.ts';
import type { Workflow } from '../../store/entities/workflow.ts';
import { type WorkflowVersion, WorkflowVersionEntity } from '../../store/entities/workflow-version.ts';
import { type Page, readPage } from '../../store/page.ts';
import { type Configured, type ContextConfig, loadConfigurationContext } from './configuration-context.ts';
import { findDifferences } from './differences.ts';
import { bumpRevision, requireEtag } from './etag.ts';
import { lockForMove, type MovedRuns, moveRuns } from './move-runs.ts';
import { readStoredActions, webhooksOf } from './stored-actions.ts';
import { readStoredExits } from './stored-exits.ts';
import { replaceWorkflow } from './update-workflow.ts';
import { requireNone } from './validation/field-checks.ts';
import { validateStored } from './validation/validate-workflow.ts';
import { liveTriggerOf, requireNotArchived, requireWorkflow } from './workflows.ts';

/** WORKFLOW_NOT_FOUND, PAGE_TOKEN_INVALID. */
export async function listWorkflowVersions(
  tx: Transaction,
  request: ListWorkflowVersionsRequest,
  defaultPageSize: number,
): Promise<Page<WorkflowVersion> & { workflow: Workflow }> {
  const { accountId, em } = tx;
  const workflow = await requireWorkflow(tx, request.workflowId);
  const where = { accountId, workflowId: workflow.id };
  const page = await readPage(
    {
      filter: ['ListWorkflowVersions', accountId, workflow.id],
      keyKinds: ['integer'],
      defaultPageSize,
      keyOf: ({ version }: WorkflowVersion) => [version],
      rows: (after, limit) =>
        em.find(WorkflowVersionEntity, after ? { ...where, version: { $lt: after[0] } } : where, {
          orderBy: { version: 'desc' },
          limit,
        }),
      count: () => em.count(WorkflowVersionEntity, where),
    },
    request,
  );
  return { ...page, workflow };
}

/** WORKFLOW_NOT_FOUND, WORKFLOW_VERSION_NOT_FOUND. */
export async function compareWorkflowVersions(
  tx: Transaction,
  { workflowId, fromVersion, toVersion }: CompareWorkflowVersionsRequest,
): Promise<MessageInitShape<typeof CompareWorkflowVersionsResponseSchema>> {
  const workflow = await requireWorkflow(tx, workflowId);
  const from = await requireWorkflowVersion(tx, workflow.id, fromVersion);
  const to = await requireWorkflowVersion(tx, workflow.id, toVersion || workflow.version);
  const secrets: string[] = [];
  const found = findDifferences(documentOf(from, secrets), documentOf(to, secrets));
  return {
    differences: found.map(({ path, before, after }) => ({
      path,
      ...(before === undefined ? {} : { before: fromJson(ValueSchema, before) }),
      ...(after === undefined ? {} : { after: fromJson(ValueSchema, after) }),
    })),
  };
}

/** In the names of the contract. Each secret is replaced by its number in `secrets`, to which new ones are added. */
function documentOf(
  { name, description, tags, actions, exits }: WorkflowVersion,
  secrets: string[],
): JsonObject {
  const messages = readStoredActions(actions);
  for (const webhook of webhooksOf(messages).filter(({ secret }) => secret !== '')) {
    if (!secrets.includes(webhook.secret)) {
      secrets.push(webhook.secret);
    }
    webhook.secret = `[secret ${secrets.indexOf(webhook.secret) + 1}]`;
  }
  const named = { useProtoFieldName: true };
  return {
    ...{ name, description, tags },
    actions: messages.map((action) => toJson(ActionSchema, action, named)),
    exits: readStoredExits(exits).map((exit) => toJson(ExitGoalSchema, exit, named)),
  };
}

/**
 * WORKFLOW_NOT_FOUND, WORKFLOW_ARCHIVED, ETAG_MISMATCH, WORKFLOW_VERSION_NOT_FOUND, TRIGGER_LOOP; VALIDATION_FAILED when
 * the version does not match what the account has today, or has no actions for an ACTIVE workflow.
 */
export async function rollbackWorkflow(
  change: Change,
  request: RollbackWorkflowRequest,
  config: ContextConfig,
): Promise<Configured & Partial<MovedRuns>> {
  const { tx } = change;
  const revision = await bumpRevision(tx);
  await (request.moveRuns && lockForMove(tx));
  const workflow = await requireWorkflow(tx, request.workflowId);
  requireNotArchived(workflow);
  requireEtag(request.etag, workflow);
  const { name, description, tags, actions, exits } = await requireWorkflowVersion(
    tx,
    workflow.id,
    request.version,
  );
  if (actions.length === 0 && workflow.status === 'ACTIVE') {
    const text = 'must be a version with actions while the workflow is ACTIVE';
    throw invalidFields([{ field: 'version', description: `${text}; was ${request.version}` }]);
  }
  const trigger = await liveTriggerOf(tx, workflow.id);
  const context = await loadConfigurationContext(tx, config);
  requireNone(await validateStored(tx, { actions, exits }, context, trigger?.triggerEvent));
  const values = { name, description, tags, actions, exits };
  const target = { workflow, trigger, values, action: 'RollbackWorkflow' };
  const warnings = await replaceWorkflow(change, revision, target, context);
  return { workflow, trigger, warnings, ...(request.moveRuns ? await moveRuns(change, target) : {}) };
}

/** Throws WORKFLOW_VERSION_NOT_FOUND. */
async function requireWorkflowVersion(
  { em, accountId }: Transaction,
  workflowId: string,
  version: number,
): Promise<WorkflowVersion> {
  const found = await em.findOne(WorkflowVersionEntity, { accountId, workflowId, version });
  if (!found) {
    throw new DomainError('WORKFLOW_VERSION_NOT_FOUND', `the workflow has no version ${version}`, {
      metadata: { workflowId, version: String(version) },
    });
  }
  return found;
}
