/** Workflows over the wire: made, found, changed, started, paused and deleted. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Workflow, WorkflowStatus } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import type { Transaction } from '../../../src/store/database.ts';
import { lockPartitionOf } from '../../../src/store/lock-partition.ts';
import { readRows } from '../../store/schema-dump.ts';
import {
  type AutomationClient,
  addTag,
  condition,
  createActiveWorkflow,
  createAutomationClient,
  createWorkflow,
  onTag,
} from '../../support/automation.ts';
import { activityOf, configurationFacts, revisionOf } from '../../support/automation-state.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { auditOf, createUser, present, waitingSessions } from '../../support/catalog-fixtures.ts';
import { expectRefusedUnchanged } from '../../support/expect-unchanged.ts';
import { callUnder } from '../../support/progression-client.ts';
import { TEST_ACTOR } from '../../support/service-transport.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: AutomationClient;
beforeAll(async () => {});
beforeEach(() => {
  client = createAutomationClient(db.database);
});

const read = async (workflowId: string) =>
  present((await client.workflows.getWorkflow({ workflowId })).workflow);

/** The versions of a workflow, oldest first: `1 CreateWorkflow DRAFT`. */
async function versionsOf({ id }: Workflow): Promise<string[]> {
  const rows = await readRows<{ text: string }>(
    db.database,
    sql`select version || ' ' || action || ' ' || status as text from workflow_versions
        where workflow_id = ${id} order by version`,
  );
  return rows.map(({ text }) => text);
}

describe('CreateWorkflow', () => {
  it('creates a DRAFT with its trigger and actions', async () => {
    const made = await createWorkflow(client, {
      name: 'Call the absent',
      description: 'After two weeks',
      trigger: {
        triggerEvent: 'session_missed',
        filter: { conditions: [condition('week_number', 'exists')] },
      },
      actions: [addTag('a'), addTag('b')],
    });

    expect(made).toMatchObject({
      ...{ name: 'Call the absent', description: 'After two weeks', version: 1, createdBy: TEST_ACTOR },
      status: WorkflowStatus.DRAFT,
      actions: [addTag('a'), addTag('b')],
      trigger: { triggerType: 'training', triggerEvent: 'session_missed', isActive: true, version: 1 },
    });
    expect(await read(made.id)).toEqual(made);
    expect(await versionsOf(made)).toEqual(['1 CreateWorkflow DRAFT']);
  });

  it('needs neither a trigger nor actions', async () => {
    const { workflow } = await client.workflows.createWorkflow({ name: 'Later' });
    expect(workflow).toMatchObject({ actions: [], status: WorkflowStatus.DRAFT });
    expect(workflow?.trigger).toBeUndefined();
  });

  it('creates it once per request ID', async () => {
    const requestId = uuidv7();
    const request = { name: 'Once', actions: [addTag('a')] };
    const first = await callUnder(requestId, (options) => client.workflows.createWorkflow(request, options));
    const again = await callUnder(requestId, (options) => client.workflows.createWorkflow(request, options));

    expect(again).toEqual({ answer: first.answer, isReplayed: true });
    expect((await client.workflows.listWorkflows({})).totalSize).toBe(1);
  });

  it('accepts actions in every spelling, and stores one', async () => {
    const programId = uuidv7().toUpperCase();
    await client.programs.createProgram({ slug: 'p', name: 'P' });
    const [program] = (await client.programs.listPrograms({})).programs;
    const shouted = `${program?.id}`.toUpperCase();
    const made = await createWorkflow(client, {
      actions: [
        { action: { case: 'enrollInProgram', value: { programId: shouted } } },
        addTag('caf\u0065\u0301'),
      ],
    });

    expect(made.actions[0]?.action.value).toMatchObject({ programId: program?.id });
    expect(made.actions[1]?.action.value).toMatchObject({ tag: 'caf\u00e9' });
    const actions = [{ action: { case: 'enrollInProgram', value: { programId } } }] as const;
    await expectRefusal(
      client.workflows.createWorkflow({ name: 'X', actions: [...actions] }),
      'VALIDATION_FAILED',
      ['actions[0].enroll_in_program.program_id'],
    );
  });
});

describe('tags of a workflow', () => {
  it('are kept in NFC, each once, in their order, and replaced by an update that sets them', async () => {
    const made = await createWorkflow(client, { tags: ['b', 'cafe\u0301', 'b', 'caf\u00e9', 'a'] });
    expect(made.tags).toEqual(['b', 'caf\u00e9', 'a']);
    const update = async (tags?: string[]) => {
      const { etag } = await read(made.id);
      const change = tags ? { tags: { tags } } : { name: 'Other' };
      return (await client.workflows.updateWorkflow({ workflowId: made.id, etag, ...change })).workflow?.tags;
    };

    expect(await update()).toEqual(['b', 'caf\u00e9', 'a']);
    expect(await update(['new'])).toEqual(['new']);
    expect(await update([])).toEqual([]);
    const entries = await auditOf(db.database, client, made.id);
    expect(entries.at(-1)).toMatchObject({ before: { tags: ['new'] }, after: { tags: [] } });
  });

  it('are refused beyond their number and length, with the path of each', async () => {
    const many = Array.from({ length: 21 }, (_, n) => `tag-${n}`);
    const { id: workflowId, etag } = await createWorkflow(client, { tags: many.slice(1) });
    const create = (tags: string[]) => () => client.workflows.createWorkflow({ name: 'X', tags });
    await expectRefusedUnchanged(db.database, create(many), 'VALIDATION_FAILED', ['tags']);
    await expectRefusedUnchanged(db.database, create(['ok', ' x', 'y'.repeat(101)]), 'VALIDATION_FAILED', [
      'tags[1]',
      'tags[2]',
    ]);
    const update = () => client.workflows.updateWorkflow({ workflowId, etag, tags: { tags: many } });
    await expectRefusedUnchanged(db.database, update, 'VALIDATION_FAILED', ['tags.tags']);
  });
});

describe('ListWorkflows', () => {
  it('is ordered by name, then id, page by page', async () => {
    for (const name of ['c', 'a', 'b', 'a']) {
      await createWorkflow(client, { name });
    }
    const first = await client.workflows.listWorkflows({ pageSize: 3 });
    const second = await client.workflows.listWorkflows({ pageSize: 3, pageToken: first.nextPageToken });

    const all = [...first.workflows, ...second.workflows];
    expect(all.map(({ name }) => name)).toEqual(['a', 'a', 'b', 'c']);
    expect(new Set(all.map(({ id }) => id)).size).toBe(4);
    expect([first.totalSize, second.totalSize, second.nextPageToken]).toEqual([4, 4, '']);
    expect(all.every(({ trigger }) => trigger?.triggerEvent === 'session_missed')).toBe(true);
    const { pageToken, status } = { pageToken: first.nextPageToken, status: WorkflowStatus.DRAFT };
    await expectRefusal(client.workflows.listWorkflows({ pageToken, status }), 'PAGE_TOKEN_INVALID');
  });

  it('can be narrowed by a part of the name and by the event', async () => {
    await createWorkflow(client, { name: 'Welcome 100%' });
    await createWorkflow(client, { name: 'WELCOME back', trigger: onTag('back') });
    await createWorkflow(client, { name: 'Farewell', trigger: onTag('gone') });
    const names = async (request: { nameContains?: string; triggerEvent?: string }) => {
      const { workflows, totalSize } = await client.workflows.listWorkflows(request);
      expect(totalSize).toBe(workflows.length);
      return workflows.map(({ name }) => name);
    };

    expect(await names({ nameContains: 'welcome' })).toEqual(['WELCOME back', 'Welcome 100%']);
    expect(await names({ nameContains: '0%' })).toEqual(['Welcome 100%']);
    expect(await names({ nameContains: '_' })).toEqual([]);
    expect(await names({ triggerEvent: 'tag.added' })).toEqual(['Farewell', 'WELCOME back']);
    expect(await names({ triggerEvent: 'tag_added', nameContains: 'come' })).toEqual(['WELCOME back']);
    expect(await names({ triggerEvent: 'deal_won' })).toEqual([]);
  });

  it('can be narrowed by a tag, together with the name, the event and the state', async () => {
    const tagged = (name: string, tags: string[], more = {}) =>
      createWorkflow(client, { name, tags, ...more });
    await tagged('Welcome', ['onboarding', 'caf\u00e9']);
    const paid = await tagged('Welcome those who pay', ['onboarding'], {
      trigger: { triggerEvent: 'payment_received' },
    });
    await tagged('Farewell', ['onboarding-old']);
    await client.workflows.activateWorkflow({ workflowId: paid.id });
    type Narrowed = Parameters<AutomationClient['workflows']['listWorkflows']>[0];
    const names = async (request: Narrowed) => {
      const { workflows, totalSize } = await client.workflows.listWorkflows(request);
      expect(totalSize).toBe(workflows.length);
      return workflows.map(({ name }) => name);
    };

    const tag = 'onboarding';
    expect(await names({ tag })).toEqual(['Welcome', 'Welcome those who pay']);
    expect(await names({ tag: 'cafe\u0301' })).toEqual(['Welcome']);
    expect(await names({ tag, triggerEvent: 'payment.received' })).toEqual(['Welcome those who pay']);
    expect(await names({ tag, status: WorkflowStatus.ACTIVE })).toEqual(['Welcome those who pay']);
    expect(await names({ tag, nameContains: 'who', status: WorkflowStatus.DRAFT })).toEqual([]);
    expect(await names({ tag: 'none' })).toEqual([]);
    const { nextPageToken: pageToken } = await client.workflows.listWorkflows({ tag, pageSize: 1 });
    expect(await names({ tag: 'none', pageSize: 1 })).toEqual([]);
    await expectRefusal(client.workflows.listWorkflows({ pageToken, pageSize: 1 }), 'PAGE_TOKEN_INVALID');
  });

  it('has ARCHIVED ones only on request', async () => {
    const kept = await createWorkflow(client, { name: 'kept' });
    const { id: workflowId } = await createWorkflow(client, { name: 'gone' });
    await client.workflows.deleteWorkflow({ workflowId });

    const { workflows } = await client.workflows.listWorkflows({});
    const archived = await client.workflows.listWorkflows({ status: WorkflowStatus.ARCHIVED });

    expect(workflows.map(({ id }) => id)).toEqual([kept.id]);
    expect(archived.workflows.map(({ id }) => id)).toEqual([workflowId]);
  });
});

describe('UpdateWorkflow', () => {
  it('replaces the fields that the request sets, as a new version', async () => {
    const made = await createWorkflow(client, { description: 'before' });
    const { workflow: updated } = await client.workflows.updateWorkflow({
      workflowId: made.id,
      etag: made.etag,
      name: 'New',
      actions: { actions: [addTag('other')] },
    });

    expect(updated).toMatchObject({
      ...{
        name: 'New',
        description: 'before',
        version: 2,
        actions: [addTag('other')],
        createdAt: made.createdAt,
      },
      trigger: { etag: made.trigger?.etag, version: 1 },
    });
    expect(updated?.etag).not.toBe(made.etag);
    expect(await read(made.id)).toEqual(updated);
    const [, change] = await auditOf(db.database, client, made.id);
    expect(change).toMatchObject({
      ...{ action: 'UpdateWorkflow', actor: TEST_ACTOR, target_type: 'workflow' },
      before: { name: 'A workflow', version: 1, actions: [{ addTag: { tag: 'missed' } }] },
      after: { name: 'New', version: 2, actions: [{ addTag: { tag: 'other' } }] },
    });
  });

  it('refuses an etag of another version, another workflow, or none', async () => {
    const made = await createWorkflow(client);
    const other = await createWorkflow(client, { name: 'Other' });
    const workflowId = made.id;
    await client.workflows.updateWorkflow({ workflowId, etag: made.etag, name: 'First' });

    for (const etag of [made.etag, other.etag, 'anything']) {
      const call = () => client.workflows.updateWorkflow({ workflowId, etag, name: 'Second' });
      await expectRefusedUnchanged(db.database, call, 'ETAG_MISMATCH');
    }
    const without = () => client.workflows.updateWorkflow({ workflowId, name: 'Second' });
    await expectRefusedUnchanged(db.database, without, 'VALIDATION_FAILED', ['etag']);
  });

  it('refuses to remove the last action of an ACTIVE workflow', async () => {
    const { id: workflowId, etag } = await createActiveWorkflow(client);
    const call = () => client.workflows.updateWorkflow({ workflowId, etag, actions: { actions: [] } });
    await expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', ['actions.actions']);
  });

  it('names the field of an action as in the request', async () => {
    const { id: workflowId, etag } = await createWorkflow(client);
    const actions = { actions: [addTag('fine'), addTag('')] };
    const call = () => client.workflows.updateWorkflow({ workflowId, etag, actions });
    await expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', ['actions.actions[1].add_tag.tag']);
  });
});

describe('ActivateWorkflow and PauseWorkflow', () => {
  it('activate and deactivate the trigger, with a version and an activity period each time', async () => {
    const { id: workflowId, trigger } = await createWorkflow(client);
    const triggerId = `${trigger?.id}`;
    const revisions = [await revisionOf(db.database, triggerId)];

    for (const step of ['activateWorkflow', 'pauseWorkflow', 'activateWorkflow'] as const) {
      await client.workflows[step]({ workflowId });
      revisions.push(await revisionOf(db.database, triggerId));
    }

    const workflow = await read(workflowId);
    expect(workflow).toMatchObject({ status: WorkflowStatus.ACTIVE, version: 4, trigger: { version: 1 } });
    expect(await versionsOf(workflow)).toEqual([
      '1 CreateWorkflow DRAFT',
      '2 ActivateWorkflow ACTIVE',
      '3 PauseWorkflow PAUSED',
      '4 ActivateWorkflow ACTIVE',
    ]);
    expect(await activityOf(db.database, triggerId)).toEqual(['closed', 'open']);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    expect(new Set(revisions).size).toBe(4);
    expect(await configurationFacts(db.database, client.accountId)).toEqual([
      'trigger_configured v1',
      'trigger_activated v1',
      'trigger_deactivated v1',
      'trigger_activated v1',
    ]);
    const audited = await auditOf(db.database, client, workflowId);
    expect(audited.map(({ action }) => action)).toEqual([
      'CreateWorkflow',
      'ActivateWorkflow',
      'PauseWorkflow',
      'ActivateWorkflow',
    ]);
  });

  it('change nothing for a workflow in the requested status', async () => {
    const { id: workflowId } = await createActiveWorkflow(client);
    const again = await client.workflows.activateWorkflow({ workflowId });
    expect(again.workflow?.version).toBe(2);

    await client.workflows.pauseWorkflow({ workflowId });
    expect((await client.workflows.pauseWorkflow({ workflowId })).workflow?.version).toBe(3);
  });

  it('need a trigger and actions', async () => {
    const { workflow } = await client.workflows.createWorkflow({ name: 'Empty' });
    const activate = () => client.workflows.activateWorkflow({ workflowId: `${workflow?.id}` });

    const refusal = await expectRefusal(activate(), 'WORKFLOW_INCOMPLETE');

    expect(refusal.message).toContain('no trigger and no actions');
    await expectRefusedUnchanged(db.database, activate, 'WORKFLOW_INCOMPLETE');
  });

  it('validate the stored workflow against the current definitions of the account', async () => {
    const { program } = await client.programs.createProgram({ slug: 'p', name: 'P' });
    const programId = `${program?.id}`;
    const { id: workflowId } = await createWorkflow(client, {
      actions: [{ action: { case: 'enrollInProgram', value: { programId } } }],
    });
    await client.programs.deleteProgram({ programId });

    const call = () => client.workflows.activateWorkflow({ workflowId });

    await expectRefusedUnchanged(db.database, call, 'VALIDATION_FAILED', [
      'actions[0].enroll_in_program.program_id',
    ]);
  });

  it('check the etag, if there is one', async () => {
    const { id: workflowId, etag } = await createWorkflow(client);
    await client.workflows.updateWorkflow({ workflowId, etag, name: 'New' });

    await expectRefusal(client.workflows.activateWorkflow({ workflowId, etag }), 'ETAG_MISMATCH');
    const { workflow } = await client.workflows.activateWorkflow({ workflowId });
    await expectRefusal(client.workflows.pauseWorkflow({ workflowId, etag }), 'ETAG_MISMATCH');
    await client.workflows.pauseWorkflow({ workflowId, etag: `${workflow?.etag}` });
  });

  it('refuse to pause a DRAFT', async () => {
    const { id: workflowId } = await createWorkflow(client);
    await expectRefusal(client.workflows.pauseWorkflow({ workflowId }), 'WORKFLOW_NOT_ACTIVE');
  });
});

describe('DeleteWorkflow', () => {
  /** A run in each of these states. */
  async function addRuns(workflow: Workflow, states: readonly string[]): Promise<void> {
    const userId = await createUser(client);
    for (const state of states) {
      await db.database.transaction(client.accountId, (tx) => addRun(tx, workflow, userId, state));
    }
  }

  function addRun(tx: Transaction, { id, trigger }: Workflow, userId: string, state: string) {
    const isOver = ['COMPLETED', 'FAILED', 'CANCELLED'].includes(state);
    return sql`
      insert into workflow_enrollments (account_id, id, workflow_id, workflow_version, trigger_id,
        trigger_version, user_id, cause, state, due_at, enrolled_at, recorded_at, ended_at)
      values (${client.accountId}, ${uuidv7()}, ${id}, 1, ${trigger?.id}, 1, ${userId}, '{}', ${state},
        case when ${isOver} then null else now() end, now(), now(),
        case when ${isOver} then now() end)`.execute(tx.sql);
  }

  it('archives it, deletes its trigger and cancels its runs', async () => {
    const workflow = await createActiveWorkflow(client);
    const triggerId = `${workflow.trigger?.id}`;
    await addRuns(workflow, ['TRIGGERED', 'ACTIVE', 'QUEUED', 'COMPLETED', 'FAILED']);

    await client.workflows.deleteWorkflow({ workflowId: workflow.id, etag: workflow.etag });

    const archived = await read(workflow.id);
    expect(archived).toMatchObject({ status: WorkflowStatus.ARCHIVED, version: 3 });
    expect(archived.trigger).toBeUndefined();
    const { trigger } = await client.triggers.getTrigger({ triggerId });
    expect(trigger).toMatchObject({ version: 2, deletedAt: { seconds: 1772359200n } });
    expect(await activityOf(db.database, triggerId)).toEqual(['closed']);
    const runs = await readRows<{ state: string; count: string }>(
      db.database,
      sql`select state || coalesce(' ' || ended_reason, '') as state, count(*) as count from workflow_enrollments
          where workflow_id = ${workflow.id} and ended_at is not null and due_at is null
          group by 1 order by 1`,
    );
    expect(runs.map(({ state, count }) => `${count} ${state}`)).toEqual([
      '3 CANCELLED WORKFLOW_DELETED',
      '1 COMPLETED',
      '1 FAILED',
    ]);
    const audited = await auditOf(db.database, client, triggerId);
    expect(audited.at(-1)).toMatchObject({
      action: 'DeleteWorkflow',
      before: { isDeleted: false, version: 1 },
      after: { isDeleted: true, version: 2 },
    });
  });

  it('also cancels the runs of events that are being evaluated', async () => {
    const workflow = await createActiveWorkflow(client);
    const userId = await createUser(client);
    const deletion = await db.database.transaction(client.accountId, async (tx) => {
      await lockPartitionOf(tx, userId);
      const call = client.workflows.deleteWorkflow({ workflowId: workflow.id });
      await expect.poll(() => waitingSessions(db.database)).toBe(1);
      await addRun(tx, workflow, userId, 'TRIGGERED');
      return { call };
    });
    await deletion.call;

    const runs = await readRows<{ state: string }>(
      db.database,
      sql`select state from workflow_enrollments where workflow_id = ${workflow.id}`,
    );
    expect(runs).toEqual([{ state: 'CANCELLED' }]);
  });

  it('does not cancel the runs of a paused workflow', async () => {
    const workflow = await createActiveWorkflow(client);
    await addRuns(workflow, ['ACTIVE']);
    await client.workflows.pauseWorkflow({ workflowId: workflow.id });

    const runs = await readRows(
      db.database,
      sql`select from workflow_enrollments where workflow_id = ${workflow.id} and state = 'ACTIVE'`,
    );
    expect(runs).toHaveLength(1);
  });

  it('refuses further changes of the workflow', async () => {
    const { id: workflowId, etag, trigger } = await createWorkflow(client);
    const triggerId = `${trigger?.id}`;
    await client.workflows.deleteWorkflow({ workflowId });
    await client.workflows.deleteWorkflow({ workflowId });

    const calls = [
      () => client.workflows.updateWorkflow({ workflowId, etag, name: 'New' }),
      () => client.workflows.activateWorkflow({ workflowId }),
      () => client.workflows.pauseWorkflow({ workflowId }),
      () => client.triggers.configureTrigger({ workflowId, trigger: { triggerEvent: 'set_failed' } }),
      () => client.triggers.restoreTrigger({ triggerId }),
    ];
    for (const call of calls) {
      await expectRefusedUnchanged(db.database, call, 'WORKFLOW_ARCHIVED');
    }
    expect((await read(workflowId)).version).toBe(2);
  });

  it('checks the etag, if there is one', async () => {
    const { id: workflowId, etag } = await createWorkflow(client);
    await client.workflows.updateWorkflow({ workflowId, etag, name: 'New' });
    await expectRefusal(client.workflows.deleteWorkflow({ workflowId, etag }), 'ETAG_MISMATCH');
  });
});
