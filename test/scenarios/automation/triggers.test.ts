/** Configured triggers end to end: an athlete's events, and the resulting runs. */
import { ConnectError } from '@connectrpc/connect';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WorkflowStatus } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { all, any, type Coach, configureTriggerRequest, on, tagging, when } from './coach.ts';
import { type ServedCoaches, serveCoaches } from './served-coach.ts';

let served: ServedCoaches;
let coach: Coach;
beforeAll(async () => {
  served = await serveCoaches();
});
afterAll(() => served.close());
beforeEach(() => {
  coach = served.coach();
});

describe('a trigger', () => {
  test('on contact_created enrolls the new athlete', async () => {
    const workflow = await coach.activate({ trigger: on('contact_created'), actions: [tagging('welcome')] });

    const ann = await coach.athlete();
    await coach.settle();

    expect(await coach.tags(ann)).toEqual(['welcome']);
    expect(await coach.runs(workflow, ann)).toEqual(['COMPLETED']);
  });

  test('on contact_updated compares with the previous values', async () => {
    await coach.activate({
      trigger: on('contact_updated', all(when('time_zone', 'changed_to', 'Asia/Tokyo'))),
      actions: [tagging('moved')],
    });
    const [ann, bob] = [await coach.athlete({ timeZone: 'Asia/Tokyo' }), await coach.athlete()];

    await coach.users.updateUser({ userId: ann, name: 'Ann' });
    await coach.users.updateUser({ userId: bob, timeZone: 'Asia/Tokyo' });
    await coach.settle();

    expect(await coach.tags(ann)).toEqual([]);
    expect(await coach.tags(bob)).toEqual(['moved']);
  });

  test('on tag_added fires for the configured tag only', async () => {
    await coach.activate({
      trigger: on('tag_added', { settings: { configuration: { tag: 'vip' } } }),
      actions: [tagging('priority')],
    });
    const [ann, bob] = [await coach.athlete(), await coach.athlete()];

    await coach.users.updateUser({ userId: ann, addTags: ['vip'] });
    await coach.users.updateUser({ userId: bob, addTags: ['regular'] });
    await coach.settle();

    expect(await coach.tags(ann)).toEqual(['vip', 'priority']);
    expect(await coach.tags(bob)).toEqual(['regular']);
  });

  test('on form_submitted reads answers, including numbers sent as text', async () => {
    await coach.triggers.defineField({ field: { path: 'answers.budget', type: 5 } });
    await coach.activate({
      trigger: on('form_submitted', {
        ...(all(when('answers.budget', 'greater_than', '10000')) as object),
        settings: { configuration: { form_id: 'intake' } },
      }),
      actions: [tagging('premium')],
    });
    const [ann, bob, eve] = [await coach.athlete(), await coach.athlete(), await coach.athlete()];

    await coach.publish(ann, 'form_submitted', { form_id: 'intake', answers: { budget: '15000' } });
    await coach.publish(bob, 'form_submitted', { form_id: 'intake', answers: { budget: 'a lot' } });
    await coach.publish(eve, 'form_submitted', { form_id: 'other', answers: { budget: 20_000 } });
    await coach.settle();

    expect(await Promise.all([ann, bob, eve].map(coach.tags))).toEqual([['premium'], [], []]);
  });

  test('on stage_changed and payment_received accepts alternative event names', async () => {
    await coach.activate({
      trigger: on('stage_changed', {
        ...(all(when('stage', 'changed_from', 'trial')) as object),
        settings: { configuration: { pipeline_id: 'coaching' } },
      }),
      actions: [tagging('past-trial')],
    });
    await coach.activate({
      trigger: on('payment_received', all(when('amount', 'between', ['10', '100']))),
      actions: [tagging('paid')],
    });
    const ann = await coach.athlete();

    const moved = { pipeline_id: 'coaching', stage: 'customer' };
    await coach.publish(ann, 'stage.changed', moved, { previous: { stage: 'trial' } });
    await coach.publish(ann, 'payment.received', { amount: '49.90', currency: 'EUR' });
    await coach.settle();

    // Runs of different workflows have no common order.
    expect((await coach.tags(ann)).toSorted()).toEqual(['paid', 'past-trial']);
  });

  test('on amrap_result fires for events of the progression engine', async () => {
    await coach.activate({
      trigger: on('amrap_result', all(when('reps_difference', 'greater_than_or_equal', 3))),
      actions: [tagging('strong-amrap')],
    });
    const { program } = await coach.programs.copyProgram({
      from: { case: 'catalogSlug', value: 'greyskull-lp-kg' },
    });
    const ann = await coach.athlete();
    await coach.programs.enrollUser({ userId: ann, programId: program?.id });
    const liftId = `${program?.lifts[0]?.id}`;
    await coach.progression.setLiftMax({ userId: ann, liftId, maxType: 2, value: '60' });

    await coach.progression.logSets({
      userId: ann,
      sessionId: uuidv7(),
      sets: [{ liftId, setNumber: 1, kind: 3, weight: '60', targetReps: 5, repsPerformed: 9 }],
    });
    await coach.settle();

    expect(await coach.tags(ann)).toEqual(['strong-amrap']);
  });

  test('on a custom event type fires after the type is defined', async () => {
    await coach.triggers.defineEventType({
      name: 'custom.checked_in',
      fields: [{ name: 'mood', type: 4 }],
    });
    await coach.activate({
      trigger: on('custom.checked_in', all(when('mood', 'less_than', 3))),
      actions: [tagging('call-them')],
    });
    const ann = await coach.athlete();

    await coach.publish(ann, 'custom.checked_in', { mood: 2 });
    await coach.settle();

    expect(await coach.tags(ann)).toEqual(['call-them']);
  });
});

describe('a filter', () => {
  const publishPayment = (userId: string, amount: string, product: string) =>
    coach.publish(userId, 'payment_received', { amount, product });

  test('combines conditions with AND, OR and nested groups', async () => {
    const both = await coach.activate({
      trigger: on(
        'payment_received',
        all(when('amount', 'greater_than', '10'), when('product', 'equals', 'coaching')),
      ),
      actions: [tagging('both')],
    });
    const either = await coach.activate({
      trigger: on(
        'payment_received',
        any(when('amount', 'greater_than', '10'), when('product', 'equals', 'coaching')),
      ),
      actions: [tagging('either')],
    });
    const nested = await coach.activate({
      trigger: on('payment_received', {
        filter: {
          conditions: [when('amount', 'greater_than', '10')],
          groups: [
            {
              logic: 'FILTER_LOGIC_OR',
              conditions: [when('product', 'equals', 'book'), when('athlete.tags', 'contains', 'vip')],
            },
          ],
        },
      }),
      actions: [tagging('nested')],
    });
    const ann = await coach.athlete({ tags: ['vip'] });

    const cheap = await publishPayment(ann, '5', 'coaching');
    const book = await publishPayment(ann, '30', 'drink');
    await coach.settle();

    const verdicts = (eventId: string) =>
      Promise.all([both, either, nested].map((workflow) => coach.verdict(eventId, workflow)));
    expect(await verdicts(cheap)).toEqual(['NOT_MATCHED', 'ENROLLED', 'NOT_MATCHED']);
    expect(await verdicts(book)).toEqual(['NOT_MATCHED', 'ALREADY_ENROLLED', 'ENROLLED']);
  });

  test('is explained with the value of each condition', async () => {
    const workflow = await coach.activate({
      trigger: on('payment_received', all(when('amount', 'greater_than', '10'))),
      actions: [tagging('paid')],
    });
    const ann = await coach.athlete();

    const eventId = await publishPayment(ann, '5', 'coaching');
    await coach.settle();

    const { verdicts } = await coach.triggers.explainEvent({ eventId });
    expect(verdicts).toMatchObject([
      {
        workflowId: workflow.id,
        matched: false,
        conditions: [{ path: 'filter.conditions[0]', actual: { kind: { value: '5' } }, matched: false }],
      },
    ]);
  });
});

describe('the state of a workflow', () => {
  test('DRAFT or PAUSED evaluates no events, also not after activation', async () => {
    const draft = await coach.draft({ trigger: on('payment_received'), actions: [tagging('paid')] });
    const paused = await coach.activate({ trigger: on('payment_received'), actions: [tagging('paid')] });
    await coach.workflows.pauseWorkflow({ workflowId: paused.id });
    const ann = await coach.athlete();

    const eventId = await coach.publish(ann, 'payment_received', { amount: '5' });
    await coach.settle();
    await coach.workflows.activateWorkflow({ workflowId: paused.id });
    await coach.settle();

    expect(await coach.verdict(eventId, draft)).toBeUndefined();
    expect(await coach.verdict(eventId, paused)).toBeUndefined();
    expect(await coach.tags(ann)).toEqual([]);
    const later = await coach.publish(ann, 'payment_received', { amount: '5' });
    await coach.settle();
    expect(await coach.verdict(later, paused)).toBe('ENROLLED');
  });

  test('allows one trigger at a time', async () => {
    const workflow = await coach.draft({ trigger: on('contact_created'), actions: [tagging('x')] });

    const second = coach.triggers.configureTrigger(
      configureTriggerRequest(workflow.id, on('contact_updated')),
    );

    await expect(second).rejects.toThrow(/Trigger already exists/);
  });

  test('becomes ARCHIVED when it is deleted, and its runs are cancelled', async () => {
    const workflow = await coach.activate({
      trigger: on('payment_received'),
      actions: [{ wait: { duration: '3600s' } }, tagging('late')],
    });
    const ann = await coach.athlete();
    await coach.publish(ann, 'payment_received', { amount: '5' });
    await coach.settle();
    expect(await coach.runs(workflow, ann)).toEqual(['ACTIVE']);

    await coach.workflows.deleteWorkflow({ workflowId: workflow.id });

    expect(await coach.runs(workflow, ann)).toEqual(['CANCELLED']);
    const { workflow: archived } = await coach.workflows.getWorkflow({ workflowId: workflow.id });
    expect([archived?.status, archived?.trigger]).toEqual([WorkflowStatus.ARCHIVED, undefined]);
  });
});

describe('an athlete is enrolled', () => {
  const twice = async (settings: object, actions: object[] = [tagging('paid')]) => {
    const workflow = await coach.activate({
      trigger: on('payment_received', { settings } as never),
      actions: actions as never,
    });
    const ann = await coach.athlete();
    const first = await coach.publish(ann, 'payment_received', { amount: '1' });
    await coach.settle();
    const second = await coach.publish(ann, 'payment_received', { amount: '2' });
    await coach.settle();
    return Promise.all([first, second].map((eventId) => coach.verdict(eventId, workflow)));
  };

  test.each([
    ['once by default', {}, ['ENROLLED', 'ALREADY_ENROLLED']],
    [
      'again after the last run has ended, under ONE_ACTIVE',
      { policy: 'ENROLLMENT_POLICY_ONE_ACTIVE' },
      ['ENROLLED', 'ENROLLED'],
    ],
    ['for each event, under MULTIPLE', { policy: 'ENROLLMENT_POLICY_MULTIPLE' }, ['ENROLLED', 'ENROLLED']],
    [
      'not again during the cooldown',
      { policy: 'ENROLLMENT_POLICY_MULTIPLE', cooldown: '3600s' },
      ['ENROLLED', 'COOLDOWN'],
    ],
    [
      'at most as often as the rate limit allows',
      { policy: 'ENROLLMENT_POLICY_MULTIPLE', limit: { count: 1, window: '3600s' } },
      ['ENROLLED', 'RATE_LIMITED'],
    ],
    [
      'only while the cap has a free slot',
      { policy: 'ENROLLMENT_POLICY_MULTIPLE', cap: { count: 1, window: '86400s' } },
      ['ENROLLED', 'CAP_REACHED'],
    ],
  ])('%s', async (_, settings, verdicts) => {
    expect(await twice(settings)).toEqual(verdicts);
  });

  test('not again while the last run is active, under ONE_ACTIVE', async () => {
    const settings = { policy: 'ENROLLMENT_POLICY_ONE_ACTIVE' };

    expect(await twice(settings, [{ wait: { duration: '3600s' } }])).toEqual([
      'ENROLLED',
      'ALREADY_ENROLLED',
    ]);
  });

  test('once for a repeated event', async () => {
    const workflow = await coach.activate({
      trigger: on('payment_received', { settings: { policy: 'ENROLLMENT_POLICY_MULTIPLE' } }),
      actions: [tagging('paid')],
    });
    const ann = await coach.athlete();
    const event = { id: uuidv7(), type: 'payment_received', userId: ann, data: { amount: '1' } };

    for (const outcome of [1, 2]) {
      const { results } = await coach.events.publishEvents({ events: [event] });
      expect(results).toMatchObject([{ id: event.id, outcome }]);
    }
    await coach.settle();

    expect(await coach.runs(workflow, ann)).toEqual(['COMPLETED']);
  });
});

describe('access to triggers', () => {
  test('excludes athletes who opted out or are deleted, with the reason', async () => {
    const workflow = await coach.activate({ trigger: on('payment_received'), actions: [tagging('paid')] });
    const [out, gone] = [await coach.athlete(), await coach.athlete()];
    await coach.users.updateUser({ userId: out, optedOut: true });

    const first = await coach.publish(out, 'payment_received', { amount: '1' });
    await coach.settle();

    expect(await coach.verdict(first, workflow)).toBe('OPTED_OUT');
    await coach.users.deleteUser({ userId: gone });
    const id = uuidv7();
    const { results } = await coach.events.publishEvents({
      events: [{ id, type: 'payment_received', userId: gone, data: { amount: '1' } }],
    });
    expect(results).toMatchObject([{ id, error: { reason: 'USER_NOT_FOUND' } }]);
  });

  test('hides workflows, triggers and athletes from other accounts', async () => {
    const workflow = await coach.activate({ trigger: on('contact_created'), actions: [tagging('x')] });
    const ann = await coach.athlete();
    const stranger = served.coach();

    await expect(stranger.workflows.getWorkflow({ workflowId: workflow.id })).rejects.toThrow(/not_found/i);
    await expect(stranger.triggers.getTrigger({ triggerId: workflow.trigger?.id })).rejects.toThrow(
      /not_found/i,
    );
    await expect(
      stranger.triggers.testTrigger({
        triggerId: workflow.trigger?.id,
        userId: ann,
        event: { case: 'simulated', value: {} },
      }),
    ).rejects.toThrow(/not_found/i);
    const bob = await stranger.athlete();
    await stranger.settle();
    expect(await stranger.tags(bob)).toEqual([]);
  });
});

describe('before activation', () => {
  test('a trigger test reports every stage and enrolls no athlete', async () => {
    const workflow = await coach.draft({
      trigger: on('payment_received', all(when('amount', 'greater_than', '10'))),
      actions: [tagging('paid')],
    });
    const userId = await coach.athlete();
    const testWith = (amount: string) =>
      coach.triggers.testTrigger({
        triggerId: workflow.trigger?.id,
        userId,
        event: { case: 'simulated', value: { data: { amount } } },
      });

    expect(await testWith('5')).toMatchObject({ matched: false, wouldEnroll: false });
    const matching = await testWith('50');
    expect(matching).toMatchObject({ matched: true });
    expect(matching.conditions).toMatchObject([{ field: 'amount', matched: true }]);
    await coach.settle();
    expect(await coach.tags(userId)).toEqual([]);
    expect(await coach.runs(workflow, userId)).toEqual([]);
    const { executions } = await coach.triggers.listTriggerExecutions({ triggerId: workflow.trigger?.id });
    expect(executions).toMatchObject([
      { kind: 2, matched: true },
      { kind: 2, matched: false },
    ]);
  });

  test('a preview counts the matching athletes, and redacts their names', async () => {
    for (const [index, tags] of [['vip'], ['vip', 'old'], []].entries()) {
      await coach.users.createUser({ name: `Athlete ${index}`, tags });
    }

    const preview = await coach.triggers.previewTrigger({
      target: {
        case: 'trigger',
        value: {
          triggerEvent: 'payment_received',
          filter: {
            conditions: [
              {
                field: 'athlete.tags',
                operator: 'contains',
                value: { kind: { case: 'stringValue', value: 'vip' } },
              },
            ],
          },
        },
      },
    });

    expect(preview).toMatchObject({ estimatedCount: 2, approximate: false });
    expect(preview.sampleUsers).toHaveLength(2);
    expect(JSON.stringify(preview.sampleUsers)).not.toContain('Athlete');
  });
});

describe('the loop guard', () => {
  test('refuses to activate a workflow that triggers itself', async () => {
    const draft = await coach.draft({
      trigger: on('tag_added', { settings: { configuration: { tag: 'a' } } }),
      actions: [{ remove_tag: { tag: 'a' } }, tagging('a')],
    });

    const error = await coach.workflows.activateWorkflow({ workflowId: draft.id }).catch(ConnectError.from);

    expect(`${error}`).toMatch(/failed_precondition/);
  });

  test('ends a causation chain that returns to its workflow', async () => {
    await coach.triggers.defineEventType({ name: 'custom.ping', fields: [{ name: 'count', type: 4 }] });
    await coach.triggers.defineEventType({ name: 'custom.pong', fields: [{ name: 'count', type: 4 }] });
    const settings = { policy: 'ENROLLMENT_POLICY_MULTIPLE' };
    const maybe = all(when('athlete.tags', 'contains', 'loop')) as object;
    const ping = await coach.activate({
      trigger: on('custom.ping', { settings, ...maybe }),
      actions: [{ emit_event: { type: 'custom.pong', data: { count: 1 } } }],
    });
    await coach.activate({
      trigger: on('custom.pong', { settings, ...maybe }),
      actions: [{ emit_event: { type: 'custom.ping', data: { count: 1 } } }],
    });
    const ann = await coach.athlete({ tags: ['loop'] });

    await coach.publish(ann, 'custom.ping', { count: 1 });
    await coach.settle();

    expect(await coach.runs(ping, ann)).toEqual(['COMPLETED']);
    const { executions } = await coach.triggers.listTriggerExecutions({ triggerId: ping.trigger?.id });
    expect(executions).toMatchObject([{ enrolled: false, reason: 7 }, { enrolled: true }]);
  });
});

test('an unreadable stored filter fails its own trigger only', async () => {
  const broken = await coach.activate({ trigger: on('payment_received'), actions: [tagging('broken')] });
  const intact = await coach.activate({ trigger: on('payment_received'), actions: [tagging('intact')] });
  await served.db.open().transaction(coach.accountId, async (tx) => {
    await sql`
      with changed as (update automation_revisions set revision = revision + 1
        where account_id = ${coach.accountId} returning revision)
      update workflow_triggers set filters = '{"logic": "XOR"}', revision = changed.revision from changed
      where account_id = ${coach.accountId} and id = ${broken.trigger?.id}`.execute(tx.sql);
  });
  const ann = await coach.athlete();

  const eventId = await coach.publish(ann, 'payment_received', { amount: '1' });
  await coach.settle();

  expect(await coach.verdict(eventId, broken)).toBe('ERROR');
  expect(await coach.verdict(eventId, intact)).toBe('ENROLLED');
  expect(await coach.tags(ann)).toEqual(['intact']);
  const { deadLetters } = await coach.events.listDeadLetters({});
  expect(deadLetters).toMatchObject([{ eventId, triggerId: broken.trigger?.id }]);
});
