/** Versions of workflows: listed, compared, rolled back; workflows restored and cloned. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type UpdateWorkflowRequestSchema,
  type Workflow,
  WorkflowStatus,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import {
  type AutomationClient,
  addTag,
  condition,
  createActiveWorkflow,
  createAutomationClient,
  createWorkflow,
  jsonValue,
  type Literal,
  onTag,
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { auditOf, present } from '../../support/catalog-fixtures.ts';
import { expectRefusedUnchanged, expectUnchanged } from '../../support/expect-unchanged.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { createTestClock, type TestClock } from '../actions/test-clock.ts';

const db = useTestDatabase();
let clock: TestClock;
let client: AutomationClient;
beforeEach(() => {
  clock = createTestClock();
  client = createAutomationClient(db.database, { clock: clock.now });
});

const secret = (letter: string) => `whsec_${Buffer.alloc(24, letter).toString('base64')}`;
const hook = (letter: string) =>
  ({
    action: { case: 'callWebhook', value: { url: 'https://example.org/hook', secret: secret(letter) } },
  }) as const;
const LIFT_FIELD = 'actions[0].scale_lift_max.lift_id';
let liftId: string;

/** An action on a lift that no program uses. */
async function scaleNewLift() {
  liftId = present((await client.programs.createLift({ name: 'Squat', slug: 'squat' })).lift).id;
  const value = { liftId, maxType: MaxType.TRAINING_MAX, factor: '0.9' };
  return { action: { case: 'scaleLiftMax', value } } as const;
}

const branch = (step: ReturnType<typeof addTag>) => {
  // biome-ignore lint/suspicious/noThenProperty: the contract names the list so.
  const value = { filter: { conditions: [] }, then: [step] };
  return { action: { case: 'branch', value } } as const;
};

const EXIT = { eventType: 'session_completed' };

const read = async (workflowId: string) =>
  present((await client.workflows.getWorkflow({ workflowId })).workflow);

/** A later moment, so that what happens then has a time of its own. */
async function update(
  { id, etag }: Workflow,
  change: Literal<MessageInitShape<typeof UpdateWorkflowRequestSchema>>,
): Promise<Workflow> {
  clock.advance(1_000);
  return present((await client.workflows.updateWorkflow({ workflowId: id, etag, ...change })).workflow);
}

const remove = (workflowId: string) => {
  clock.advance(1_000);
  return client.workflows.deleteWorkflow({ workflowId });
};

describe('ListWorkflowVersions', () => {
  it('lists what each version had, newest first, page by page', async () => {
    const made = await createWorkflow(client, { name: 'First', exits: [EXIT] });
    await update(made, { name: 'Second', actions: { actions: [addTag('b')] } });
    await client.workflows.activateWorkflow({ workflowId: made.id });
    const first = await client.workflows.listWorkflowVersions({ workflowId: made.id, pageSize: 2 });
    const second = await client.workflows.listWorkflowVersions({
      ...{ workflowId: made.id, pageSize: 2, pageToken: first.nextPageToken },
    });

    const versions = [...first.versions, ...second.versions];
    expect(versions.map(({ version, action, workflow }) => `${version} ${action} ${workflow?.name}`)).toEqual(
      ['3 ActivateWorkflow Second', '2 UpdateWorkflow Second', '1 CreateWorkflow First'],
    );
    const { trigger, ...then } = made;
    expect(versions.at(-1)?.workflow).toEqual(then);
    expect(versions[0]?.workflow?.status).toBe(WorkflowStatus.ACTIVE);
    expect([first.totalSize, second.nextPageToken]).toEqual([3, '']);
  });
});

describe('CompareWorkflowVersions', () => {
  const differencesOf = async (workflowId: string, fromVersion: number, toVersion = 0) => {
    const request = { workflowId, fromVersion, toVersion };
    const { differences } = await client.workflows.compareWorkflowVersions(request);
    return differences.map(({ path, before, after }) => [
      path,
      before?.kind.value ?? null,
      after?.kind.value ?? null,
    ]);
  };

  it('names what the newest version has in place of an earlier one', async () => {
    const made = await createWorkflow(client, {
      actions: [addTag('a'), branch(addTag('b'))],
    });
    await update(made, {
      name: 'New name',
      actions: {
        actions: [addTag('a'), addTag('inserted'), branch(addTag('c'))],
      },
    });

    expect(await differencesOf(made.id, 1)).toEqual([
      ['name', 'A workflow', 'New name'],
      ['actions[1]', null, expect.anything()],
      ['actions[2].branch.then[0].add_tag.tag', 'b', 'c'],
    ]);
    expect(await differencesOf(made.id, 2, 2)).toEqual([]);
  });

  it('has the tags of both versions when they differ', async () => {
    const made = await createWorkflow(client, { tags: ['a'] });
    await update(made, { tags: { tags: ['a', 'b'] } });

    const { differences } = await client.workflows.compareWorkflowVersions({
      ...{ workflowId: made.id, fromVersion: 1 },
    });
    expect(differences.map(({ path, before, after }) => [path, before, after])).toEqual([
      ['tags', jsonValue(['a']), jsonValue(['a', 'b'])],
    ]);
  });

  it('says that a secret changed, and not what it is', async () => {
    const made = await createWorkflow(client, { actions: [hook('a')] });
    const changed = await update(made, { actions: { actions: [hook('b')] } });
    await update(changed, { actions: { actions: [hook('a')] } });

    expect(await differencesOf(made.id, 1, 2)).toEqual([
      ['actions[0].call_webhook.secret', '[secret 1]', '[secret 2]'],
    ]);
    expect(await differencesOf(made.id, 1, 3)).toEqual([]);
  });

  it('refuses versions that never were', async () => {
    const { id: workflowId } = await createWorkflow(client);
    const compare = (fromVersion: number, toVersion: number) =>
      client.workflows.compareWorkflowVersions({ workflowId, fromVersion, toVersion });

    await expectRefusal(compare(2, 1), 'WORKFLOW_VERSION_NOT_FOUND');
    await expectRefusal(compare(1, 2), 'WORKFLOW_VERSION_NOT_FOUND');
    await expectRefusal(compare(0, 1), 'VALIDATION_FAILED', ['from_version']);
  });
});

describe('RollbackWorkflow', () => {
  it('makes an earlier version the newest: all but status and trigger', async () => {
    const made = await createWorkflow(client, {
      name: 'First',
      description: 'One',
      tags: ['one'],
      exits: [EXIT],
      actions: [hook('a')],
    });
    const changed = await update(made, {
      ...{ name: 'Second', description: 'Two', tags: { tags: ['two'] }, exits: { exits: [] } },
      actions: { actions: [addTag('x')] },
    });
    await client.workflows.activateWorkflow({ workflowId: made.id });
    const { etag } = await read(made.id);
    const { workflow } = await client.workflows.rollbackWorkflow({ workflowId: made.id, etag, version: 1 });

    const { trigger, version, updatedAt, ...same } = made;
    expect(workflow).toMatchObject({
      ...same,
      status: WorkflowStatus.ACTIVE,
      version: 4,
      etag: expect.anything(),
    });
    expect(await read(made.id)).toEqual(workflow);
    expect(changed.version).toBe(2);
    const entry = (await auditOf(db.database, client, made.id)).at(-1);
    expect(entry).toMatchObject({
      action: 'RollbackWorkflow',
      before: { name: 'Second' },
      after: { name: 'First', version: 4 },
    });
  });

  it('refuses a stale etag, an unknown version, and one whose references are gone', async () => {
    const made = await createWorkflow(client, { actions: [await scaleNewLift()] });
    const { etag, id: workflowId } = await update(made, { actions: { actions: [addTag('b')] } });
    await client.programs.deleteLift({ liftId });
    const rollback =
      (version: number, of = etag) =>
      () =>
        client.workflows.rollbackWorkflow({ workflowId, etag: of, version });

    await expectRefusedUnchanged(db.database, rollback(1, 'stale'), 'ETAG_MISMATCH');
    await expectRefusedUnchanged(db.database, rollback(1, ''), 'VALIDATION_FAILED', ['etag']);
    await expectRefusedUnchanged(db.database, rollback(9), 'WORKFLOW_VERSION_NOT_FOUND');
    await expectRefusedUnchanged(db.database, rollback(1), 'VALIDATION_FAILED', [LIFT_FIELD]);
  });

  it('refuses a version without actions while the workflow is active', async () => {
    const made = await createWorkflow(client, { actions: [] });
    await update(made, { actions: { actions: [addTag('a')] } });
    const { workflow } = await client.workflows.activateWorkflow({ workflowId: made.id });
    const rollback = () =>
      client.workflows.rollbackWorkflow({ workflowId: made.id, etag: `${workflow?.etag}`, version: 1 });

    await expectRefusedUnchanged(db.database, rollback, 'VALIDATION_FAILED', ['version']);
  });

  it('refuses a version that would start the workflow again', async () => {
    const made = await createWorkflow(client, { trigger: undefined, actions: [addTag('loop')] });
    const { id: workflowId } = await update(made, { actions: { actions: [addTag('other')] } });
    await client.triggers.configureTrigger({ workflowId, trigger: onTag('loop') });
    const { workflow } = await client.workflows.activateWorkflow({ workflowId });
    const etag = `${workflow?.etag}`;
    const rollback = () => client.workflows.rollbackWorkflow({ workflowId, etag, version: 1 });

    await expectRefusedUnchanged(db.database, rollback, 'TRIGGER_LOOP');
  });
});

describe('RestoreWorkflow', () => {
  it('brings a workflow back paused, with the trigger that was deleted with it', async () => {
    const made = await createActiveWorkflow(client, { actions: [hook('a')], exits: [EXIT] });
    await remove(made.id);
    clock.advance(1_000);
    const { workflow: restored } = await client.workflows.restoreWorkflow({ workflowId: made.id });

    expect(restored).toMatchObject({
      ...{ id: made.id, status: WorkflowStatus.PAUSED, version: 4, actions: made.actions, exits: made.exits },
      trigger: { id: made.trigger?.id, version: 3, isActive: true },
    });
    expect(restored?.trigger?.deletedAt).toBeUndefined();
    expect(await read(made.id)).toEqual(restored);
    const { workflow: active } = await client.workflows.activateWorkflow({ workflowId: made.id });
    expect(active).toMatchObject({ status: WorkflowStatus.ACTIVE });
  });

  it('leaves a trigger deleted that was deleted before, and a draft a draft', async () => {
    const made = await createWorkflow(client);
    clock.advance(1_000);
    await client.triggers.deleteTrigger({ triggerId: `${made.trigger?.id}` });
    await remove(made.id);
    const { workflow } = await client.workflows.restoreWorkflow({ workflowId: made.id });

    expect(workflow).toMatchObject({ status: WorkflowStatus.DRAFT });
    expect(workflow?.trigger).toBeUndefined();
  });

  it('leaves a workflow that was not deleted as it is', async () => {
    const made = await createActiveWorkflow(client);
    expect((await client.workflows.restoreWorkflow({ workflowId: made.id })).workflow).toEqual(made);
  });

  it('refuses a workflow whose references are gone', async () => {
    const { id: workflowId } = await createWorkflow(client, { actions: [await scaleNewLift()] });
    await remove(workflowId);
    await client.programs.deleteLift({ liftId });
    const restore = () => client.workflows.restoreWorkflow({ workflowId });

    await expectRefusedUnchanged(db.database, restore, 'VALIDATION_FAILED', [LIFT_FIELD]);
  });
});

describe('CloneWorkflow', () => {
  const filter = { conditions: [condition('week_number', 'exists')] };

  it('adds a draft with actions, secrets, exits and trigger', async () => {
    const made = await createActiveWorkflow(client, {
      ...{ name: 'Rescue', description: 'Why', exits: [EXIT], actions: [hook('a'), addTag('x')] },
      tags: ['care'],
      trigger: { triggerEvent: 'session_missed', filter, settings: { priority: 3 } },
    });
    const { workflow: copy } = await client.workflows.cloneWorkflow({ workflowId: made.id });

    expect(copy).toMatchObject({
      ...{ name: 'Rescue (copy)', description: 'Why', status: WorkflowStatus.DRAFT, version: 1 },
      ...{ actions: made.actions, exits: made.exits, tags: ['care'] },
      trigger: { triggerEvent: 'session_missed', settings: made.trigger?.settings, version: 1 },
    });
    expect(copy?.trigger?.filter).toEqual(made.trigger?.filter);
    expect(copy?.id).not.toBe(made.id);
    expect(copy?.trigger?.id).not.toBe(made.trigger?.id);
    // It signs as the original does, although no answer has the secret.
    expect(copy?.actions[0]?.action.value).toMatchObject({ secret: '', hasSecret: true });
    expect(await expectUnchanged(db.database, () => read(made.id))).toEqual(made);
  });

  it('takes a name, and shortens one that would be too long', async () => {
    const { id: workflowId } = await createWorkflow(client, { name: 'x'.repeat(200) });
    const { workflow: named } = await client.workflows.cloneWorkflow({ workflowId, name: 'Mine' });
    const { workflow: unnamed } = await client.workflows.cloneWorkflow({ workflowId });

    expect([named?.name, unnamed?.name]).toEqual(['Mine', `${'x'.repeat(193)} (copy)`]);
    const tooLong = () => client.workflows.cloneWorkflow({ workflowId, name: 'x'.repeat(201) });
    await expectRefusedUnchanged(db.database, tooLong, 'VALIDATION_FAILED', ['name']);
  });

  it('copies a deleted workflow with the trigger that was deleted with it', async () => {
    const made = await createActiveWorkflow(client);
    await remove(made.id);
    const { workflow: copy } = await client.workflows.cloneWorkflow({ workflowId: made.id });

    expect(copy).toMatchObject({ status: WorkflowStatus.DRAFT, trigger: { triggerEvent: 'session_missed' } });
  });
});
