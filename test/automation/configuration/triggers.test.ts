/** Triggers over the wire: configured, changed, deleted, restored and rolled back. */
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EnrollmentPolicy, type Trigger } from '../../../src/gen/automation/v1/trigger_pb.ts';
import type { Workflow } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { instantFromText } from '../../../src/values/instant.ts';
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
import { activityOf, configurationFacts, isScheduled } from '../../support/automation-state.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { auditOf, present } from '../../support/catalog-fixtures.ts';
import { expectRefusedUnchanged } from '../../support/expect-unchanged.ts';
import { TEST_ACTOR } from '../../support/service-transport.ts';
import { useTestDatabase } from '../../support/test-database.ts';

const db = useTestDatabase();
let client: AutomationClient;
let workflow: Workflow;
beforeAll(async () => {});
beforeEach(async () => {
  client = createAutomationClient(db.database);
  workflow = present((await client.workflows.createWorkflow({ name: 'A workflow' })).workflow);
});

type Configured = Parameters<AutomationClient['triggers']['configureTrigger']>[0]['trigger'];

async function configure(trigger: NonNullable<Configured>): Promise<Trigger> {
  const answer = await client.triggers.configureTrigger({ workflowId: workflow.id, trigger });
  return present(answer.trigger);
}

const read = async (triggerId: string) => present((await client.triggers.getTrigger({ triggerId })).trigger);

describe('ConfigureTrigger', () => {
  it('stores its input, with defaults', async () => {
    const trigger = await configure({
      triggerType: 'contact',
      triggerEvent: 'tag.added',
      filter: {
        conditions: [condition('athlete.name', 'starts_with', 'A')],
        groups: [{ logic: 2, not: true, conditions: [condition('opted_out', 'equals', true)] }],
      },
      settings: {
        configuration: { tag: 'vip' },
        policy: EnrollmentPolicy.MULTIPLE,
        cooldown: { seconds: 3600n },
        limit: { count: 3, window: { seconds: 86_400n } },
        cap: { name: 'calls', count: 50, window: { seconds: 604_800n } },
        priority: 9,
        businessHours: {
          timeZone: 'Europe/Berlin',
          intervals: [{ weekday: 1, opens: '09:00', closes: '17:30' }],
        },
      },
    });

    expect(trigger).toMatchObject({
      ...{ workflowId: workflow.id, triggerType: 'contact', triggerEvent: 'tag_added', version: 1 },
      ...{ isActive: true, createdBy: TEST_ACTOR },
      filter: {
        conditions: [{ field: 'athlete.name', value: { kind: { value: 'A' } } }],
        groups: [{ logic: 2, not: true, conditions: [{ field: 'opted_out' }] }],
      },
      settings: { configuration: { tag: 'vip' }, priority: 9, cap: { name: 'calls', count: 50 } },
    });
    expect(await read(trigger.id)).toEqual(trigger);
    expect((await client.workflows.getWorkflow({ workflowId: workflow.id })).workflow?.trigger).toEqual(
      trigger,
    );
  });

  it('refuses a second trigger of a workflow', async () => {
    await configure({ triggerEvent: 'session_missed' });
    const call = () => configure({ triggerEvent: 'set_failed' });

    const refusal = await expectRefusal(call(), 'TRIGGER_EXISTS');
    expect(refusal.rawMessage).toBe('Trigger already exists');
    await expectRefusedUnchanged(db.database, call, 'TRIGGER_EXISTS');
  });

  it('makes the trigger active at once in an ACTIVE workflow', async () => {
    workflow = await createActiveWorkflow(client);
    await client.triggers.deleteTrigger({ triggerId: `${workflow.trigger?.id}` });
    const { id } = await configure({ triggerEvent: 'set_failed' });
    expect(await activityOf(db.database, id)).toEqual(['open']);
  });
});

describe('UpdateTrigger', () => {
  it('replaces the whole configuration, as a new version', async () => {
    const made = await configure(onTag('vip', { isActive: false }));
    const answer = await client.triggers.updateTrigger({
      ...{ triggerId: made.id, etag: made.etag },
      trigger: { triggerEvent: 'set_failed', settings: { priority: 2 } },
    });

    const updated = present(answer.trigger);
    expect(updated).toMatchObject({
      ...{ id: made.id, triggerType: 'training', triggerEvent: 'set_failed', version: 2, isActive: true },
      settings: { priority: 2, configuration: {} },
    });
    expect(await read(made.id)).toEqual(updated);
    const audited = await auditOf(db.database, client, made.id);
    expect(audited).toMatchObject([
      { action: 'ConfigureTrigger', before: null, target_type: 'trigger' },
      {
        ...{ action: 'UpdateTrigger', actor: TEST_ACTOR },
        before: { triggerEvent: 'tag_added', isActive: false, version: 1 },
        after: { triggerEvent: 'set_failed', isActive: true, version: 2 },
      },
    ]);
    expect(await configurationFacts(db.database, client.accountId)).toEqual([
      'trigger_configured v1',
      'trigger_configured v2',
    ]);
  });

  it('refuses an etag of another version, or none', async () => {
    const { id: triggerId, etag } = await configure({ triggerEvent: 'session_missed' });
    const trigger = { triggerEvent: 'set_failed' };
    await client.triggers.updateTrigger({ triggerId, etag, trigger });

    const stale = () => client.triggers.updateTrigger({ triggerId, etag, trigger });
    await expectRefusedUnchanged(db.database, stale, 'ETAG_MISMATCH');
    const without = () => client.triggers.updateTrigger({ triggerId, trigger });
    await expectRefusedUnchanged(db.database, without, 'VALIDATION_FAILED', ['etag']);
    const ofWorkflow = () => client.triggers.updateTrigger({ triggerId, etag: workflow.etag, trigger });
    await expectRefusedUnchanged(db.database, ofWorkflow, 'ETAG_MISMATCH');
  });

  it('activates and deactivates a trigger', async () => {
    workflow = await createActiveWorkflow(client);
    const made = present(workflow.trigger);
    const update = async (etag: string, isActive: boolean) => {
      const trigger = { triggerEvent: 'session_missed', isActive };
      return present((await client.triggers.updateTrigger({ triggerId: made.id, etag, trigger })).trigger);
    };
    const off = await update(made.etag, false);
    const stillOff = await update(off.etag, false);
    expect(await activityOf(db.database, made.id)).toEqual(['closed']);
    await update(stillOff.etag, true);

    expect(await activityOf(db.database, made.id)).toEqual(['closed', 'open']);
    expect(await configurationFacts(db.database, client.accountId)).toEqual([
      'trigger_configured v1',
      'trigger_activated v1',
      'trigger_configured v2',
      'trigger_deactivated v2',
      'trigger_configured v3',
      'trigger_configured v4',
      'trigger_activated v4',
    ]);
  });
});

describe('DeleteTrigger and RestoreTrigger', () => {
  it('remove a trigger and restore it, with its history', async () => {
    workflow = await createActiveWorkflow(client);
    const made = present(workflow.trigger);
    const triggerId = made.id;
    await client.triggers.deleteTrigger({ triggerId, etag: made.etag });

    expect(
      (await client.workflows.getWorkflow({ workflowId: workflow.id })).workflow?.trigger,
    ).toBeUndefined();
    expect(await read(triggerId)).toMatchObject({ version: 2, deletedAt: { seconds: 1772359200n } });
    expect(await activityOf(db.database, triggerId)).toEqual(['closed']);

    const { trigger: restored } = await client.triggers.restoreTrigger({ triggerId });
    expect(restored).toMatchObject({ version: 3, triggerEvent: 'session_missed' });
    expect(restored?.deletedAt).toBeUndefined();
    expect(await activityOf(db.database, triggerId)).toEqual(['closed', 'open']);
    expect((await auditOf(db.database, client, triggerId)).map(({ action }) => action)).toEqual([
      'CreateWorkflow',
      'DeleteTrigger',
      'RestoreTrigger',
    ]);
  });

  it('change nothing for a trigger that is in the requested state', async () => {
    const { id: triggerId } = await configure({ triggerEvent: 'session_missed' });
    expect((await client.triggers.restoreTrigger({ triggerId })).trigger?.version).toBe(1);
    await client.triggers.deleteTrigger({ triggerId });
    await client.triggers.deleteTrigger({ triggerId });
    expect((await read(triggerId)).version).toBe(2);
  });

  it('do not restore a trigger when there is another one', async () => {
    const { id: triggerId } = await configure({ triggerEvent: 'session_missed' });
    await client.triggers.deleteTrigger({ triggerId });
    await configure({ triggerEvent: 'set_failed' });
    await expectRefusedUnchanged(
      db.database,
      () => client.triggers.restoreTrigger({ triggerId }),
      'TRIGGER_EXISTS',
    );
  });

  it('allow only RestoreTrigger for a deleted trigger', async () => {
    const { id: triggerId, etag } = await configure({ triggerEvent: 'session_missed' });
    await client.triggers.deleteTrigger({ triggerId });
    const trigger = { triggerEvent: 'set_failed' };
    const calls = [
      () => client.triggers.updateTrigger({ triggerId, etag, trigger }),
      () => client.triggers.rollbackTrigger({ triggerId, etag, version: 1 }),
    ];
    for (const call of calls) {
      await expectRefusedUnchanged(db.database, call, 'TRIGGER_DELETED');
    }
  });
});

describe('RollbackTrigger', () => {
  it('makes an earlier version the newest', async () => {
    const made = await configure(onTag('vip'));
    const { trigger: updated } = await client.triggers.updateTrigger({
      ...{ triggerId: made.id, etag: made.etag },
      trigger: { triggerEvent: 'set_failed', isActive: false },
    });
    const { trigger: back } = await client.triggers.rollbackTrigger({
      ...{ triggerId: made.id, etag: `${updated?.etag}`, version: 1 },
    });

    const { etag, version, ...same } = made;
    expect(back).toMatchObject({ ...same, version: 3 });
    const { versions } = await client.triggers.listTriggerVersions({ triggerId: made.id });
    expect(versions.map((each) => `${each.version} ${each.action} ${each.trigger?.triggerEvent}`)).toEqual([
      '3 RollbackTrigger tag_added',
      '2 UpdateTrigger set_failed',
      '1 ConfigureTrigger tag_added',
    ]);
    expect(versions.at(-1)?.trigger).toMatchObject({ etag, version, isActive: true });
  });

  it('refuses a stale etag and an unknown version', async () => {
    const { id: triggerId, etag } = await configure(onTag('vip'));
    const stale = () => client.triggers.rollbackTrigger({ triggerId, etag: 'stale', version: 1 });
    await expectRefusedUnchanged(db.database, stale, 'ETAG_MISMATCH');
    const missing = () => client.triggers.rollbackTrigger({ triggerId, etag, version: 2 });
    await expectRefusedUnchanged(db.database, missing, 'TRIGGER_VERSION_NOT_FOUND');
  });
});

describe('lists', () => {
  it('of triggers are ordered newest first, with filters by workflow, event and deletion', async () => {
    const clock = { now: instantFromText('2026-03-01T10:00:00Z') };
    client = createAutomationClient(db.database, {
      accountId: client.accountId,
      clock: () => {
        clock.now += 1_000_000n;
        return clock.now;
      },
    });
    const [a, b, c] = [
      await createWorkflow(client, { trigger: { triggerEvent: 'session_missed' } }),
      await createWorkflow(client, { trigger: { triggerEvent: 'set_failed' } }),
      await createWorkflow(client, { trigger: { triggerEvent: 'session_missed' } }),
    ];
    await client.triggers.deleteTrigger({ triggerId: `${c.trigger?.id}` });
    const idsOf = async (request: Parameters<typeof client.triggers.listTriggers>[0]) => {
      const { triggers, totalSize } = await client.triggers.listTriggers(request);
      expect(totalSize).toBe(triggers.length);
      return triggers.map(({ workflowId }) => workflowId);
    };

    expect(await idsOf({})).toEqual([b.id, a.id]);
    expect(await idsOf({ includeDeleted: true })).toEqual([c.id, b.id, a.id]);
    expect(await idsOf({ includeDeleted: true, triggerEvent: 'session.missed' })).toEqual([c.id, a.id]);
    expect(await idsOf({ workflowId: b.id })).toEqual([b.id]);
    expect(await idsOf({ workflowId: uuidv7() })).toEqual([]);
    const first = await client.triggers.listTriggers({ pageSize: 1 });
    const { triggers } = await client.triggers.listTriggers({ pageSize: 1, pageToken: first.nextPageToken });
    expect(triggers.map(({ workflowId }) => workflowId)).toEqual([a.id]);
  });

  it('of versions are read page by page', async () => {
    let { id: triggerId, etag } = await configure(onTag('vip'));
    for (const priority of [1, 2, 3]) {
      const trigger = onTag('vip', { settings: { configuration: { tag: 'vip' }, priority } });
      etag = `${(await client.triggers.updateTrigger({ triggerId, etag, trigger })).trigger?.etag}`;
    }
    const first = await client.triggers.listTriggerVersions({ triggerId, pageSize: 3 });
    const { pageSize, pageToken } = { pageSize: 3, pageToken: first.nextPageToken };
    const second = await client.triggers.listTriggerVersions({ triggerId, pageSize, pageToken });

    expect([...first.versions, ...second.versions].map(({ version }) => version)).toEqual([4, 3, 2, 1]);
    expect([first.totalSize, second.nextPageToken]).toEqual([4, '']);
    triggerId = uuidv7();
    await expectRefusal(client.triggers.listTriggerVersions({ triggerId }), 'TRIGGER_NOT_FOUND');
  });
});

describe('a time trigger', () => {
  const at = (time: string) => ({
    triggerEvent: 'birthday',
    settings: { time: { schedule: { case: 'birthday', value: { at: time } } as const } },
  });

  it('is scheduled while it is active', async () => {
    const { workflow: made } = await client.workflows.createWorkflow({
      ...{ name: 'Birthdays', trigger: at('09:00') },
      actions: [{ action: { case: 'addTag', value: { tag: 'birthday' } } }],
    });
    const [workflowId, triggerId] = [`${made?.id}`, `${made?.trigger?.id}`];
    const scheduled = [await isScheduled(db.database, triggerId)];
    const steps = [
      () => client.workflows.activateWorkflow({ workflowId }),
      () => client.workflows.pauseWorkflow({ workflowId }),
      () => client.workflows.activateWorkflow({ workflowId }),
      () => client.triggers.deleteTrigger({ triggerId }),
      () => client.triggers.restoreTrigger({ triggerId }),
      () => client.workflows.deleteWorkflow({ workflowId }),
    ];
    for (const step of steps) {
      await step();
      scheduled.push(await isScheduled(db.database, triggerId));
    }
    expect(scheduled).toEqual([false, true, false, true, false, true, false]);
  });

  it('keeps its schedule and its due cursors when other settings change', async () => {
    workflow = await createActiveWorkflow(client, { trigger: at('09:00') });
    const { id: triggerId, etag } = present(workflow.trigger);
    const cursors = () =>
      readRows(db.database, sql`select * from time_cursors where trigger_id = ${triggerId}`);
    const before = await cursors();
    const filter = { conditions: [condition('athlete.tags', 'contains', 'vip')] };
    const { trigger: filtered } = await client.triggers.updateTrigger({
      ...{ triggerId, etag },
      trigger: { ...at('09:00'), filter },
    });
    expect(await cursors()).toEqual(before);

    const moved = { triggerId, etag: present(filtered).etag, trigger: at('10:00') };
    await client.triggers.updateTrigger(moved);
    expect(await cursors()).not.toEqual(before);
  });

  it('is no longer scheduled after a change to another event', async () => {
    workflow = await createActiveWorkflow(client, { trigger: at('09:00') });
    const { id: triggerId, etag } = present(workflow.trigger);
    expect(await isScheduled(db.database, triggerId)).toBe(true);
    await client.triggers.updateTrigger({ triggerId, etag, trigger: { triggerEvent: 'set_failed' } });
    expect(await isScheduled(db.database, triggerId)).toBe(false);
  });
});

describe('a trigger whose stored configuration cannot be read', () => {
  const DAMAGES = [
    { column: 'filters', json: { logic: 'XOR' }, problem: /filter\.logic/ },
    { column: 'settings', json: { cooldown: 'soon' }, problem: /settings: .*Duration/ },
  ];

  async function damage({ column, json }: (typeof DAMAGES)[number]): Promise<Trigger> {
    const trigger = await configure({ triggerEvent: 'session_missed' });
    const damaged = sql`${JSON.stringify(json)}::jsonb`;
    for (const [table, id] of [
      ['workflow_triggers', 'id'],
      ['trigger_versions', 'trigger_id'],
    ]) {
      await readRows(
        db.database,
        sql`update ${sql.table(`${table}`)} set ${sql.ref(column)} = ${damaged} where ${sql.ref(`${id}`)} = ${trigger.id}
          returning version`,
      );
    }
    return trigger;
  }

  it.each(DAMAGES)('of its $column has the reason, and is listed with the others', async (each) => {
    const { id: triggerId } = await damage(each);
    const other = await createWorkflow(client);
    const damaged = {
      id: triggerId,
      triggerEvent: 'session_missed',
      problem: expect.stringMatching(each.problem),
    };

    const shown = await read(triggerId);
    expect(shown).toMatchObject(damaged);
    expect([shown.filter, shown.settings]).toEqual([undefined, undefined]);
    expect((await client.triggers.listTriggers({})).triggers).toMatchObject([
      { id: other.trigger?.id, problem: '' },
      damaged,
    ]);
    expect((await client.workflows.listWorkflows({})).workflows).toMatchObject([
      { id: workflow.id, trigger: damaged },
      { id: other.id },
    ]);
    const { versions } = await client.triggers.listTriggerVersions({ triggerId });
    expect(versions).toMatchObject([{ version: 1, trigger: damaged }]);
  });

  it.each(DAMAGES)('of its $column is repaired by UpdateTrigger', async (each) => {
    const { id: triggerId } = await damage(each);
    const { etag } = await read(triggerId);
    await client.triggers.updateTrigger({ triggerId, etag, trigger: { triggerEvent: 'session_missed' } });

    expect(await read(triggerId)).toMatchObject({ version: 2, problem: '', filter: { conditions: [] } });
  });

  it.each(DAMAGES)('of its $column can be deleted', async (each) => {
    const { id: triggerId } = await damage(each);
    await createActiveWorkflow(client);
    await client.triggers.deleteTrigger({ triggerId });

    expect(await read(triggerId)).toMatchObject({
      version: 2,
      problem: expect.stringMatching(each.problem),
    });
  });

  it('of its filter does not prevent the activation of other workflows', async () => {
    const listening = await createActiveWorkflow(client, { trigger: onTag('vip') });
    await readRows(
      db.database,
      sql`update workflow_triggers set filters = '{"logic": "XOR"}' where workflow_id = ${listening.id} returning id`,
    );

    expect(await createActiveWorkflow(client, { actions: [addTag('vip')] })).toMatchObject({ version: 2 });
  });
});
