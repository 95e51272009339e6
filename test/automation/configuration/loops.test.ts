/** Workflows that would set themselves off again: refused when that is certain, warned of when it may be. */
import { sql } from 'kysely';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Workflow, WorkflowStatus } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { ErrorInfoSchema } from '../../../src/gen/google/rpc/error_details_pb.ts';
import {
  type AutomationClient,
  addTag,
  createActiveWorkflow,
  createAutomationClient,
  createWorkflow,
  onTag,
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { expectRefusedUnchanged } from '../../support/expect-unchanged.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { chain, reasonsOf, verdictOn } from './loop-verdict.ts';

const db = useTestDatabase();
let client: AutomationClient;
beforeAll(async () => {});
beforeEach(() => {
  client = createAutomationClient(db.database);
});

const activate = ({ id: workflowId }: Workflow) => client.workflows.activateWorkflow({ workflowId });

describe('a certain loop is refused', () => {
  it('of one workflow, with its path', async () => {
    const made = await createWorkflow(client, chain('a', 'a'));
    await expectRefusedUnchanged(db.database, () => activate(made), 'TRIGGER_LOOP');

    const refusal = await expectRefusal(activate(made), 'TRIGGER_LOOP');
    const [info] = refusal.findDetails(ErrorInfoSchema);
    expect(info?.metadata).toEqual({ workflowIds: made.id, workflowNames: 'a to a', length: '1' });
  });

  it('of three, when the last is activated, with the path from it on', async () => {
    const [first, second] = [
      await createActiveWorkflow(client, chain('a', 'b')),
      await createActiveWorkflow(client, chain('b', 'c')),
    ];
    const last = await createWorkflow(client, chain('c', 'a'));

    const refusal = await expectRefusal(activate(last), 'TRIGGER_LOOP');

    const [info] = refusal.findDetails(ErrorInfoSchema);
    expect(info?.metadata).toEqual({
      workflowIds: [last.id, first.id, second.id].join(','),
      workflowNames: 'c to a → a to b → b to c',
      length: '3',
    });
    expect(refusal.message).toContain('c to a → a to b → b to c → c to a');
  });

  it('when the actions of an ACTIVE workflow close it', async () => {
    await createActiveWorkflow(client, chain('a', 'b'));
    const { id: workflowId, etag } = await createActiveWorkflow(client, chain('b', 'c'));
    const actions = { actions: [addTag('c'), addTag('a')] };
    const call = () => client.workflows.updateWorkflow({ workflowId, etag, actions });
    await expectRefusedUnchanged(db.database, call, 'TRIGGER_LOOP');
  });

  it('when the trigger of an ACTIVE workflow closes it: configured, updated, restored or rolled back', async () => {
    await createActiveWorkflow(client, chain('a', 'b'));
    const closing = await createActiveWorkflow(client, { trigger: onTag('z'), actions: [addTag('a')] });
    const { id: triggerId, etag } = present(closing.trigger);
    const update = () => client.triggers.updateTrigger({ triggerId, etag, trigger: onTag('b') });
    await expectRefusedUnchanged(db.database, update, 'TRIGGER_LOOP');
    const off = await client.triggers.updateTrigger({
      ...{ triggerId, etag },
      trigger: onTag('b', { isActive: false }),
    });
    const { trigger: moved } = await client.triggers.updateTrigger({
      ...{ triggerId, etag: present(off.trigger).etag },
      trigger: onTag('z'),
    });
    expect(reasonsOf(off)).toEqual(['TRIGGER_LOOP']);
    await client.triggers.deleteTrigger({ triggerId });

    const trigger = onTag('b');
    const configure = () => client.triggers.configureTrigger({ workflowId: closing.id, trigger });
    await expectRefusedUnchanged(db.database, configure, 'TRIGGER_LOOP');
    const { trigger: restored } = await client.triggers.restoreTrigger({ triggerId });
    expect(present(restored).version).toBe(present(moved).version + 2);
  });

  it('when a restored trigger closes it', async () => {
    const { trigger } = await createActiveWorkflow(client, chain('a', 'b'));
    const { id: triggerId } = present(trigger);
    await client.triggers.deleteTrigger({ triggerId });
    await createActiveWorkflow(client, chain('b', 'a'));

    await expectRefusedUnchanged(
      db.database,
      () => client.triggers.restoreTrigger({ triggerId }),
      'TRIGGER_LOOP',
    );
  });

  it('when an earlier version closes it', async () => {
    const { trigger } = await createActiveWorkflow(client, chain('a', 'b'));
    const { id: triggerId } = present(trigger);
    const updated = await client.triggers.updateTrigger({
      ...{ triggerId, etag: present(trigger).etag },
      trigger: onTag('z'),
    });
    await createActiveWorkflow(client, chain('b', 'a'));
    const { etag } = present(updated.trigger);

    const call = () => client.triggers.rollbackTrigger({ triggerId, etag, version: 1 });

    await expectRefusedUnchanged(db.database, call, 'TRIGGER_LOOP');
  });
});

describe('there is no loop', () => {
  it('through a workflow that is no longer ACTIVE', async () => {
    const { id: workflowId } = await createActiveWorkflow(client, chain('a', 'b'));
    const other = await createWorkflow(client, chain('b', 'a'));
    await expectRefusal(activate(other), 'TRIGGER_LOOP');

    await client.workflows.pauseWorkflow({ workflowId });
    expect(reasonsOf(await activate(other))).toEqual([]);
    await expectRefusal(client.workflows.activateWorkflow({ workflowId }), 'TRIGGER_LOOP');
  });

  it('through workflows of another account', async () => {
    await createActiveWorkflow(createAutomationClient(db.database), chain('a', 'b'));
    expect(await verdictOn(client, chain('b', 'a'))).toBe('NONE');
  });

  it('through a trigger that is not active or was deleted', async () => {
    await createActiveWorkflow(client, { ...chain('a', 'b'), trigger: onTag('a', { isActive: false }) });
    const { trigger } = await createActiveWorkflow(client, chain('a', 'b'));
    await client.triggers.deleteTrigger({ triggerId: `${trigger?.id}` });
    expect(await verdictOn(client, chain('b', 'a'))).toBe('NONE');
  });

  it('when an existing loop does not include the workflow', async () => {
    // Not by these calls, but by what was there before them.
    const [first, second] = [
      await createActiveWorkflow(client, chain('a', 'b')),
      await createWorkflow(client, chain('b', 'a')),
    ];
    await db.database.transaction(client.accountId, (tx) =>
      sql`update workflows set status = 'ACTIVE' where id = ${second.id}`.execute(tx.sql),
    );
    expect(await verdictOn(client, chain('z', 'a'))).toBe('NONE');
    expect((await client.workflows.getWorkflow({ workflowId: first.id })).workflow?.status).toBe(
      WorkflowStatus.ACTIVE,
    );
  });
});

describe('a search that would take too long', () => {
  it('ends with a warning', async () => {
    const { accountId } = client;
    client = createAutomationClient(db.database, { accountId, limits: { loopSteps: 1 } });
    await createActiveWorkflow(client, chain('a', 'b'));
    await createActiveWorkflow(client, chain('b', 'c'));

    const made = await client.workflows.createWorkflow(chain('z', 'a'));

    expect(reasonsOf(made)).toEqual(['LOOP_CHECK_INCOMPLETE']);
    expect(reasonsOf(await activate(present(made.workflow)))).toEqual(['LOOP_CHECK_INCOMPLETE']);
  });

  it('examines equal emissions of many workflows once', async () => {
    const { accountId } = client;
    client = createAutomationClient(db.database, { accountId, limits: { loopSteps: 12 } });
    for (const at of [1, 2, 3, 4, 5]) {
      await createActiveWorkflow(client, { name: `${at}`, trigger: onTag('a'), actions: [addTag('b')] });
      await createActiveWorkflow(client, { name: `${at}`, trigger: onTag('b'), actions: [addTag('c')] });
    }
    expect(await verdictOn(client, chain('z', 'a'))).toBe('NONE');
  });
});
