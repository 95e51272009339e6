/** Configuration across accounts and roles: what is not one's own does not exist, and readers only read. */
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Workflow } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import {
  type AutomationClient,
  createActiveWorkflow,
  createAutomationClient,
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { expectRefusedUnchanged } from '../../support/expect-unchanged.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let owner: AutomationClient;
let stranger: AutomationClient;
let workflow: Workflow;
beforeAll(async () => {
  owner = createAutomationClient(db.database);
  stranger = createAutomationClient(db.database);
  workflow = await createActiveWorkflow(owner);
  await createActiveWorkflow(stranger);
});

type Call = (client: AutomationClient, id: string, etag: string) => Promise<unknown>;

const OF_WORKFLOWS: readonly [name: string, isRead: boolean, call: Call][] = [
  ['GetWorkflow', true, ({ workflows }, workflowId) => workflows.getWorkflow({ workflowId })],
  [
    'UpdateWorkflow',
    false,
    ({ workflows }, workflowId, etag) => workflows.updateWorkflow({ workflowId, etag, name: 'X' }),
  ],
  ['ActivateWorkflow', false, ({ workflows }, workflowId) => workflows.activateWorkflow({ workflowId })],
  ['PauseWorkflow', false, ({ workflows }, workflowId) => workflows.pauseWorkflow({ workflowId })],
  ['DeleteWorkflow', false, ({ workflows }, workflowId) => workflows.deleteWorkflow({ workflowId })],
  ['RestoreWorkflow', false, ({ workflows }, workflowId) => workflows.restoreWorkflow({ workflowId })],
  ['CloneWorkflow', false, ({ workflows }, workflowId) => workflows.cloneWorkflow({ workflowId })],
  ['CancelRuns', false, ({ workflows }, workflowId) => workflows.cancelRuns({ workflowId })],
  ['ExportWorkflow', true, ({ workflows }, workflowId) => workflows.exportWorkflow({ workflowId })],
  [
    'ListWorkflowVersions',
    true,
    ({ workflows }, workflowId) => workflows.listWorkflowVersions({ workflowId }),
  ],
  [
    'CompareWorkflowVersions',
    true,
    ({ workflows }, workflowId) => workflows.compareWorkflowVersions({ workflowId, fromVersion: 1 }),
  ],
  [
    'RollbackWorkflow',
    false,
    ({ workflows }, workflowId, etag) => workflows.rollbackWorkflow({ workflowId, etag, version: 1 }),
  ],
  [
    'ConfigureTrigger',
    false,
    ({ triggers }, workflowId) =>
      triggers.configureTrigger({ workflowId, trigger: { triggerEvent: 'set_failed' } }),
  ],
];

const OF_TRIGGERS: readonly [name: string, isRead: boolean, call: Call][] = [
  ['GetTrigger', true, ({ triggers }, triggerId) => triggers.getTrigger({ triggerId })],
  [
    'UpdateTrigger',
    false,
    ({ triggers }, triggerId, etag) =>
      triggers.updateTrigger({ triggerId, etag, trigger: { triggerEvent: 'set_failed' } }),
  ],
  ['DeleteTrigger', false, ({ triggers }, triggerId) => triggers.deleteTrigger({ triggerId })],
  ['RestoreTrigger', false, ({ triggers }, triggerId) => triggers.restoreTrigger({ triggerId })],
  [
    'RollbackTrigger',
    false,
    ({ triggers }, triggerId, etag) => triggers.rollbackTrigger({ triggerId, etag, version: 1 }),
  ],
  ['ListTriggerVersions', true, ({ triggers }, triggerId) => triggers.listTriggerVersions({ triggerId })],
];

describe('an id of another account is refused like one that does not exist:', () => {
  it.each(OF_WORKFLOWS)('%s', async (_, __, call) => {
    const foreign = () => call(stranger, workflow.id, workflow.etag);
    const { message } = await expectRefusal(foreign(), 'WORKFLOW_NOT_FOUND');
    const unknownId = uuidv7();
    const unknown = await expectRefusal(call(stranger, unknownId, workflow.etag), 'WORKFLOW_NOT_FOUND');

    expect(unknown.message).toBe(message.replace(workflow.id, unknownId));
    await expectRefusedUnchanged(db.database, foreign, 'WORKFLOW_NOT_FOUND');
  });

  it.each(OF_TRIGGERS)('%s', async (_, __, call) => {
    const { id, etag } = workflow.trigger ?? expect.unreachable('no trigger');
    const foreign = () => call(stranger, id, etag);
    const { message } = await expectRefusal(foreign(), 'TRIGGER_NOT_FOUND');
    const unknownId = uuidv7();
    const unknown = await expectRefusal(call(stranger, unknownId, etag), 'TRIGGER_NOT_FOUND');

    expect(unknown.message).toBe(message.replace(id, unknownId));
    await expectRefusedUnchanged(db.database, foreign, 'TRIGGER_NOT_FOUND');
  });

  it('and lists have only rows of the own account', async () => {
    const { workflows } = await stranger.workflows.listWorkflows({});
    const { triggers } = await stranger.triggers.listTriggers({});
    const { totalSize } = await stranger.triggers.listTriggers({ workflowId: workflow.id });

    expect(workflows.map(({ id }) => id)).not.toContain(workflow.id);
    expect([workflows.length, triggers.length, totalSize]).toEqual([1, 1, 0]);
  });
});

describe('a caller who may only read', () => {
  const reader = () =>
    createAutomationClient(db.database, { accountId: owner.accountId, roles: ['read-only'] });

  it.each([...OF_WORKFLOWS, ...OF_TRIGGERS])('%s (reads: %s)', async (name, isRead, call) => {
    const of = OF_TRIGGERS.some(([each]) => each === name) ? workflow.trigger : workflow;
    const attempt = () => call(reader(), `${of?.id}`, `${of?.etag}`);
    if (isRead) {
      await expect(attempt()).resolves.toBeDefined();
    } else {
      await expectRefusedUnchanged(db.database, attempt, 'PERMISSION_DENIED');
    }
  });
});
