/** SimulateWorkflow: who would enter, what each step would change, and that nothing of it is written. */
import type { JsonValue, MessageInitShape } from '@bufbuild/protobuf';
import { v7 as uuidv7 } from 'uuid';
import { beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import type { ActionSchema } from '../../../src/gen/automation/v1/action_pb.ts';
import { EnrollmentPolicy } from '../../../src/gen/automation/v1/trigger_pb.ts';
import { FieldType, VerdictReason } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { type AssumedResultSchema, StepOutcome } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import {
  type AutomationClient,
  addTag,
  condition,
  createActiveWorkflow,
  createAutomationClient,
  createWorkflow,
  jsonValue,
  onTag,
} from '../../support/automation.ts';
import { expectRefusal } from '../../support/catalog-client.ts';
import { present } from '../../support/catalog-fixtures.ts';
import { linear } from '../../support/rule-fixtures.ts';
import { dumpTables } from '../../support/table-dump.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { createTrainee } from '../../support/trainee.ts';
import { createTestClock } from '../actions/test-clock.ts';
import { evaluatorDeps } from '../evaluation/automated-account.ts';

type Step = Extract<MessageInitShape<typeof ActionSchema>, { $typeName?: undefined }>;

const DAY_MS = 86_400_000;

const db = useTestDatabase();
let client: AutomationClient;
beforeEach(() => {
  client = createAutomationClient(db.database);
});

async function newAthlete(tags: string[] = [], name = 'Ana'): Promise<string> {
  const { user } = await client.users.createUser({ name });
  const userId = present(user).id;
  await client.users.updateUser({ userId, addTags: tags });
  return userId;
}

const simulateFor = (
  workflowId: string,
  userId: string,
  data: Record<string, string> | undefined = { tag: 'start' },
) =>
  client.workflows.simulateWorkflow({
    workflowId,
    scope: { case: 'run', value: { userId, event: { case: 'simulated', value: { data } } } },
  });

const branch = (tag: string, then: Step[], otherwise: Step[]): Step => ({
  action: {
    case: 'branch',
    value: { filter: { conditions: [condition('athlete.tags', 'contains', tag)] }, then, else: otherwise },
  },
});

const HOUR: Step = {
  action: { case: 'wait', value: { wait: { case: 'duration', value: { seconds: 3600n } } } },
};

describe('the simulation of a run', () => {
  test('takes the steps, says what each would change, and leaves every table as it was', async () => {
    const { athlete } = await createTrainee(db.database, { lifts: { squat: '100' }, rules: [linear()] });
    client = createAutomationClient(db.database, { accountId: athlete.accountId });
    const { userId } = athlete;
    const [liftId, progressionId] = [`${athlete.liftIds.squat}`, `${athlete.progressionIds[0]}`];
    const max = { liftId, maxType: MaxType.TRAINING_MAX };
    const { id } = await createWorkflow(client, {
      trigger: onTag('start'),
      actions: [
        { action: { case: 'scaleLiftMax', value: { ...max, factor: '0.9', roundTo: '2.5' } } },
        HOUR,
        { action: { case: 'setLiftMax', value: { ...max, value: '80' } } },
        { action: { case: 'applyProgression', value: { progressionId, liftId, force: true } } },
        addTag('{{ athlete.name | downcase }}'),
        branch('vip', [addTag('then')], [addTag('else')]),
        { name: 'call', action: { case: 'callWebhook', value: { url: 'https://example.com/hook' } } },
        {
          action: {
            case: 'waitForEvent',
            value: {
              eventType: 'session_completed',
              timeout: { seconds: 86_400n },
              timedOut: [addTag('late')],
            },
          },
        },
      ],
    });
    const before = await dumpTables(db.database);

    const answer = await simulateFor(id, userId);

    expect(await dumpTables(db.database)).toEqual(before);
    expect(answer).toMatchObject({ wouldEnroll: true, reason: VerdictReason.ENROLLED, exitsLeftOut: false });
    const changes = answer.steps.map(({ path, action, outcome, taken, changes: made }) => [
      path,
      action,
      outcome,
      taken,
      made.map(({ type, data, previous }) => [type, previous?.value ?? data?.tag, data?.value]),
    ]);
    const { DONE } = StepOutcome;
    const changed = (from: string, to: string) => ['lift_max_changed', from, to];
    expect(changes).toEqual([
      ['actions[0]', 'scale_lift_max', DONE, '', [changed('100', '90')]],
      ['actions[1]', 'wait', DONE, '', []],
      ['actions[2]', 'set_lift_max', DONE, '', [changed('90', '80')]],
      ['actions[3]', 'apply_progression', DONE, '', expect.arrayContaining([changed('80', '82.5')])],
      ['actions[4]', 'add_tag', DONE, '', [['tag_added', expect.any(String), undefined]]],
      ['actions[5]', 'branch', DONE, 'else', []],
      ['actions[5].branch.else[0]', 'add_tag', DONE, '', [['tag_added', 'else', undefined]]],
      ['actions[6]', 'call_webhook', DONE, '', []],
      ['actions[7]', 'wait_for_event', DONE, 'timed_out', []],
      ['actions[7].wait_for_event.timed_out[0]', 'add_tag', DONE, '', [['tag_added', 'late', undefined]]],
    ]);
    const [first, waited] = answer.steps;
    expect(Number(present(waited?.at).seconds - present(first?.at).seconds)).toBe(3600);
  });

  test('says why an athlete would not enter, and takes no step', async () => {
    const { id } = await createActiveWorkflow(client, {
      trigger: onTag('start', { filter: { conditions: [condition('athlete.tags', 'contains', 'vip')] } }),
      actions: [addTag('x')],
    });
    const userId = await newAthlete();
    expect(await simulateFor(id, userId)).toMatchObject({
      ...{ wouldEnroll: false, reason: VerdictReason.NOT_MATCHED, steps: [] },
    });
    expect(await simulateFor(id, userId, { tag: 'other' })).toMatchObject({
      reason: VerdictReason.NOT_MATCHED,
    });
    await client.users.updateUser({ userId, addTags: ['vip'] });
    expect(await simulateFor(id, userId)).toMatchObject({ wouldEnroll: true });
    await client.users.updateUser({ userId, optedOut: true });
    expect(await simulateFor(id, userId)).toMatchObject({ reason: VerdictReason.OPTED_OUT, steps: [] });
  });

  test('ends at a step that would fail, without what the step had changed', async () => {
    const { id } = await createWorkflow(client, {
      trigger: { triggerEvent: 'payment_received' },
      actions: [addTag('a'), addTag('{{ event.data.gone }}'), addTag('never')],
    });
    const { steps } = await simulateFor(id, await newAthlete(), { amount: '5', currency: 'EUR' });
    expect(steps.map(({ outcome, reason, changes }) => [outcome, reason, changes.length])).toEqual([
      [StepOutcome.DONE, '', 1],
      [StepOutcome.FAILED, 'TEMPLATE_FAILED', 0],
    ]);
  });

  test('follows what it is told to assume of webhooks and of events that are waited for', async () => {
    const { id } = await createWorkflow(client, {
      trigger: onTag('start'),
      exits: [{ eventType: 'session_completed' }],
      actions: [
        { name: 'ask', action: { case: 'callWebhook', value: { url: 'https://example.com/hook' } } },
        {
          action: {
            case: 'branch',
            value: {
              filter: {
                conditions: [
                  condition('steps.ask.status', 'equals', 202),
                  condition('steps.ask.body.plan', 'equals', 'gold'),
                ],
              },
              // biome-ignore lint/suspicious/noThenProperty: the contract names the list so.
              then: [addTag('{{ steps.ask.body.plan }}')],
            },
          },
        },
        {
          action: {
            case: 'waitForEvent',
            value: { eventType: 'payment_received', timeout: { seconds: 60n }, received: [addTag('paid')] },
          },
        },
      ],
    });
    const userId = await newAthlete();
    const answer = (status: number, body: JsonValue = null) =>
      ({ case: 'answer', value: { status, body: jsonValue(body) } }) as const;
    const simulate = (assumed: MessageInitShape<typeof AssumedResultSchema>[]) =>
      client.workflows.simulateWorkflow({
        workflowId: id,
        scope: {
          case: 'run',
          value: { userId, event: { case: 'simulated', value: { data: { tag: 'start' } } }, assumed },
        },
      });
    const before = await dumpTables(db.database);

    const plain = await simulate([]);
    const told = await simulate([
      { path: 'actions[0]', result: answer(202, { plan: 'gold' }) },
      { path: 'actions[2]', result: { case: 'received', value: true } },
    ]);
    const gone = await simulate([{ path: 'actions[0]', result: answer(410) }]);
    const down = await simulate([{ path: 'actions[0]', result: answer(503) }]);

    expect(await dumpTables(db.database)).toEqual(before);
    const taken = ({ steps }: typeof plain) => steps.map(({ path, taken: list }) => `${path} ${list}`.trim());
    expect(taken(plain)).toEqual(['actions[0]', 'actions[1] else', 'actions[2] timed_out']);
    expect(taken(told)).toEqual([
      'actions[0]',
      'actions[1] then',
      'actions[1].branch.then[0]',
      'actions[2] received',
      'actions[2].wait_for_event.received[0]',
    ]);
    expect(told.steps.map(({ isAssumed }) => isAssumed)).toEqual([true, false, false, true, false]);
    expect(told.exitsLeftOut).toBe(true);
    expect(gone.steps).toMatchObject([
      { outcome: StepOutcome.FAILED, reason: 'WEBHOOK_REFUSED', detail: 'the answer was 410' },
    ]);
    // After all tries, whose pauses pass at once.
    expect(down.steps).toMatchObject([{ outcome: StepOutcome.FAILED, reason: 'WEBHOOK_UNAVAILABLE' }]);
    expect(Number(present(down.steps[0]?.at).seconds - present(gone.steps[0]?.at).seconds)).toBeGreaterThan(
      600,
    );

    const refused = simulate([
      { path: 'actions[1]', result: answer(200) },
      { path: 'actions[0]', result: { case: 'received', value: true } },
      { path: 'actions[0]', result: answer(99) },
    ]);
    await expectRefusal(refused, 'VALIDATION_FAILED', [
      'run.assumed[0].path',
      'run.assumed[1].path',
      'run.assumed[2].path',
      'run.assumed[2].answer.status',
    ]);
  });

  test('masks personal values', async () => {
    await client.triggers.defineField({
      field: { path: 'custom.phone', type: FieldType.STRING, isPersonal: true },
    });
    const { id } = await createWorkflow(client, {
      trigger: onTag('start'),
      actions: [
        {
          action: {
            case: 'setAttribute',
            value: { field: 'custom.phone', value: jsonValue('{{ athlete.name }}') },
          },
        },
      ],
    });
    const { steps } = await simulateFor(id, await newAthlete([], 'Kanaria'));
    expect(steps).toHaveLength(1);
    expect(steps[0]?.changes).toHaveLength(1);
    expect(steps[0]?.changes[0]?.data).toMatchObject({ field_name: 'phone', value: 'K•••' });
  });

  test('is refused for what the account does not have', async () => {
    const { id } = await createWorkflow(client, { trigger: onTag('start') });
    await expectRefusal(simulateFor(uuidv7(), await newAthlete()), 'WORKFLOW_NOT_FOUND');
    await expectRefusal(simulateFor(id, uuidv7()), 'USER_NOT_FOUND');
    const { workflow } = await client.workflows.createWorkflow({ name: 'Bare', actions: [addTag('x')] });
    await expectRefusal(simulateFor(present(workflow).id, await newAthlete()), 'WORKFLOW_INCOMPLETE');
  });
});

describe('the simulation of a period', () => {
  test('counts who would have entered by the events of the log, and leaves every table as it was', async () => {
    const clock = createTestClock();
    client = createAutomationClient(db.database, { clock: clock.now });
    const athletes = [await newAthlete(['vip'], 'Ana'), await newAthlete(['vip'], 'Ben'), await newAthlete()];
    const start = async (index: number) => {
      const userId = `${athletes[index]}`;
      await client.users.updateUser({ userId, addTags: ['start'] });
      await client.users.updateUser({ userId, removeTags: ['start'] });
    };
    await start(1);
    clock.advance(31 * DAY_MS);
    for (const index of [0, 0, 2, 0]) {
      await start(index);
      clock.advance(DAY_MS);
    }
    await start(1);
    const evaluator = createEvaluator(evaluatorDeps(db.database, { clock: clock.now }));
    for (let left = 1; left > 0; ) {
      left = (await evaluator.evaluatePartitions(client.accountId, [...Array(32).keys()])).evaluated;
    }
    const trigger = (policy: EnrollmentPolicy) =>
      onTag('start', {
        filter: { conditions: [condition('athlete.tags', 'contains', 'vip')] },
        settings: { policy, configuration: { tag: 'start' } },
      });
    const { id } = await createWorkflow(client, {
      trigger: trigger(EnrollmentPolicy.ONCE_EVER),
      actions: [addTag('x')],
    });
    const { id: again } = await createWorkflow(client, {
      ...{ trigger: trigger(EnrollmentPolicy.MULTIPLE), actions: [addTag('x')] },
    });
    const before = await dumpTables(db.database);
    const simulate = (workflowId: string, days = 0, limits = {}) =>
      createAutomationClient(db.database, {
        ...{ accountId: client.accountId, clock: clock.now, limits },
      }).workflows.simulateWorkflow({ workflowId, scope: { case: 'period', value: { days } } });

    const once = await simulate(id);
    const each = await simulate(again);

    expect(once).toMatchObject({ matchedCount: 4, runCount: 2, athleteCount: 2, hasMoreEvents: false });
    expect(once.blocked).toEqual({ ALREADY_ENROLLED: 2 });
    expect(once.sampleUsers.map(({ name }) => name).sort()).toEqual(['A•••', 'B•••']);
    expect(each).toMatchObject({ matchedCount: 4, runCount: 4, athleteCount: 2, blocked: {} });
    expect(await simulate(again, 1)).toMatchObject({ matchedCount: 2, runCount: 2 });
    expect(await simulate(again, 30, { simulatedEvents: 2 })).toMatchObject({
      eventCount: 2,
      hasMoreEvents: true,
    });
    expect(await dumpTables(db.database)).toEqual(before);
  });

  test('is at most 30 days long', async () => {
    const { id: workflowId } = await createWorkflow(client, { trigger: onTag('start') });
    const call = client.workflows.simulateWorkflow({
      workflowId,
      scope: { case: 'period', value: { days: 31 } },
    });
    await expectRefusal(call, 'VALIDATION_FAILED', ['period.days']);
  });
});
