/** Filters on who caused an event: a coach, the athlete, a workflow, the system or an import. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { createReleaser } from '../../../src/automation/evaluation/release-queued-enrollments.ts';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import { LiftMaxSource } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { type Instant, instantFromText } from '../../../src/values/instant.ts';
import { readRows } from '../../store/schema-dump.ts';
import {
  type AutomationClient,
  addTag,
  condition,
  createActiveWorkflow,
  createAutomationClient,
  createWorkflow,
  jsonValue,
  type WorkflowInit,
} from '../../support/automation.ts';
import { TEST_NOW } from '../../support/catalog-client.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { createTestRunner } from '../actions/runs.ts';
import { evaluatorDeps } from './automated-account.ts';

const db = useTestDatabase();

/** Coaches, and workers whose clock the test sets. */
function startService() {
  let now: Instant = instantFromText(TEST_NOW);
  const clock = () => now;
  const client = createAutomationClient(db.database, { clock, roles: ['coach'] });
  const deps = evaluatorDeps(db.database, { clock });
  const runner = createTestRunner(db.database, { now: clock });
  return {
    client,
    async work(at: Instant = now) {
      now = at;
      await createReleaser(deps).runOnce();
      for (let turn = 0; turn < 3; turn += 1) {
        await createEvaluator(deps).evaluatePartitions(client.accountId, [...Array(32).keys()]);
        await runner.runAll();
      }
    },
  };
}

const by = (actor: string, operator = 'equals') => ({ conditions: [condition('actor', operator, actor)] });
const MULTIPLE = { policy: 3 } as const;

async function createAthlete({ users, programs }: AutomationClient) {
  const { user } = await users.createUser({ name: 'Ana' });
  const { lift } = await programs.createLift({ slug: 'squat', name: 'Squat' });
  return { userId: present(user).id, liftId: present(lift).id };
}

function setMax(liftId: string, value: string): NonNullable<WorkflowInit['actions']>[number] {
  return { action: { case: 'setLiftMax', value: { liftId, maxType: MaxType.TRAINING_MAX, value } } };
}

async function tagsOf({ users }: AutomationClient, userId: string) {
  return (await users.getUser({ userId })).user?.tags;
}

test('a max that a workflow sets has the source AUTOMATION, one by hand the source MANUAL', async () => {
  const { client, work } = startService();
  const { userId, liftId } = await createAthlete(client);
  const settings = { configuration: { tag: 'tested' } };
  await createActiveWorkflow(client, {
    trigger: { triggerEvent: 'tag_added', settings },
    actions: [setMax(liftId, '100')],
  });
  await client.progression.setLiftMax({ userId, liftId, maxType: MaxType.TRAINING_MAX, value: '90' });
  await client.users.updateUser({ userId, addTags: ['tested'] });
  await work();

  const { liftMaxes } = await client.progression.listLiftMaxVersions({
    ...{ userId, liftId, maxType: MaxType.TRAINING_MAX },
  });
  expect(liftMaxes.map(({ value, source }) => [value, source])).toEqual([
    ['100', LiftMaxSource.AUTOMATION],
    ['90', LiftMaxSource.MANUAL],
  ]);
  const events = await readRows<{ source: string; actor: string }>(
    db.database,
    sql`select data ->> 'source' as source, actor from events
      where user_id = ${userId} and type = 'lift_max_changed' order by sequence`,
  );
  expect(events).toEqual([
    { source: 'MANUAL', actor: 'COACH' },
    { source: 'AUTOMATION', actor: 'AUTOMATION' },
  ]);
});

test('a workflow reacts to what a coach changed, and not to what another workflow changed', async () => {
  const { client, work } = startService();
  const { userId, liftId } = await createAthlete(client);
  await client.triggers.defineField({ field: { path: 'custom.level', type: 4 } });
  const reacting = (name: string, triggerEvent: string, configuration: Record<string, string>) =>
    createActiveWorkflow(client, {
      name,
      trigger: { triggerEvent, filter: by('COACH'), settings: { ...MULTIPLE, configuration } },
      actions: [addTag(`coach-${name}`)],
    });
  await reacting('max', 'lift_max_changed', {});
  await reacting('tag', 'tag_added', { tag: 'vip' });
  await reacting('field', 'custom_field_changed', { field_name: 'level' });
  await createActiveWorkflow(client, {
    trigger: { triggerEvent: 'session_missed' },
    actions: [
      setMax(liftId, '80'),
      addTag('vip'),
      { action: { case: 'setAttribute', value: { field: 'custom.level', value: jsonValue(1) } } },
    ],
  });
  const event = { type: 'session_missed', userId, data: {} };
  const publisher = createAutomationClient(db.database, {
    accountId: client.accountId,
    clock: () => instantFromText(TEST_NOW),
  });
  await publisher.events.publishEvents({ events: [{ id: crypto.randomUUID(), ...event }] });
  await work();
  expect(await tagsOf(client, userId)).toEqual(['vip']);

  await client.users.updateUser({ userId, removeTags: ['vip'] });
  await client.users.updateUser({ userId, addTags: ['vip'], attributes: { level: 2 } });
  await client.progression.setLiftMax({ userId, liftId, maxType: MaxType.TRAINING_MAX, value: '90' });
  await work();
  expect((await tagsOf(client, userId))?.toSorted()).toEqual([
    'coach-field',
    'coach-max',
    'coach-tag',
    'vip',
  ]);
});

test('the actor counts when a run that waited for business hours is decided again', async () => {
  const { client, work } = startService();
  const { userId } = await createAthlete(client);
  const businessHours = { timeZone: 'UTC', intervals: [{ weekday: 1, opens: '08:00', closes: '09:00' }] };
  const settings = { configuration: { tag: 'vip' }, businessHours };
  await createActiveWorkflow(client, {
    trigger: { triggerEvent: 'tag_added', filter: by('COACH'), settings },
    actions: [addTag('greeted')],
  });
  await client.users.updateUser({ userId, addTags: ['vip'] });
  await work();
  expect(await tagsOf(client, userId)).toEqual(['vip']);

  await work(instantFromText('2026-11-23T08:00:00Z'));
  expect(await tagsOf(client, userId)).toEqual(['vip', 'greeted']);
});

test('ExplainEvent says who caused the event', async () => {
  const { client, work } = startService();
  const { userId } = await createAthlete(client);
  await createActiveWorkflow(client, {
    trigger: { triggerEvent: 'tag_added', filter: by('IMPORT'), settings: { configuration: { tag: 'vip' } } },
  });
  await client.users.updateUser({ userId, addTags: ['vip'] });
  await work();
  const [event] = await readRows<{ id: string }>(
    db.database,
    sql`select id from events where user_id = ${userId} and type = 'tag_added'`,
  );

  const { verdicts } = await client.triggers.explainEvent({ eventId: present(event).id });
  expect(verdicts).toMatchObject([
    {
      matched: false,
      conditions: [
        { field: 'actor', matched: false, actual: jsonValue('COACH'), expected: jsonValue('IMPORT') },
      ],
    },
  ]);
});

test('a loop that the actor excludes is none, and one that it allows is refused', async () => {
  const { client } = startService();
  const loop = (filter: ReturnType<typeof by>): WorkflowInit => ({
    trigger: { triggerEvent: 'tag_added', filter, settings: { ...MULTIPLE, configuration: { tag: 'a' } } },
    actions: [addTag('a')],
  });
  const coachOnly = await createWorkflow(client, loop(by('COACH')));
  const others = await createWorkflow(client, loop(by('AUTOMATION', 'not_equals')));
  const workflows = await createWorkflow(client, loop(by('AUTOMATION')));

  for (const { id: workflowId } of [coachOnly, others]) {
    expect((await client.workflows.activateWorkflow({ workflowId })).warnings).toEqual([]);
  }
  await expect(client.workflows.activateWorkflow({ workflowId: workflows.id })).rejects.toThrow(
    /set itself off/,
  );
});

test('a field of the event’s own with the name actor comes first', async () => {
  const { client } = startService();
  await client.triggers.defineEventType({
    name: 'custom.visited',
    fields: [{ name: 'actor', type: 4 }],
    sample: { actor: 1 },
  });

  await createWorkflow(client, {
    trigger: {
      triggerEvent: 'custom.visited',
      filter: { conditions: [condition('actor', 'greater_than', 3)] },
    },
  });
  const { fields } = await client.triggers.listFields({});
  expect(fields).toContainEqual(expect.objectContaining({ path: 'actor', type: 1 }));
});
