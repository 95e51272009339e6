/** Configured triggers, as the specification tells of them: what happens to an athlete, and what follows. */
import { ConnectError } from '@connectrpc/connect';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WorkflowStatus } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { type Coach, configureTriggerRequest, tagging } from './coach.ts';
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

const on = (trigger_event: string, more = {}) => ({ trigger_event, ...more });
const all = (...conditions: object[]) => ({ filter: { logic: 'FILTER_LOGIC_AND', conditions } }) as never;
const any = (...conditions: object[]) => ({ filter: { logic: 'FILTER_LOGIC_OR', conditions } }) as never;
const when = (field: string, operator: string, value?: unknown) =>
  value === undefined ? { field, operator } : { field, operator, value };

describe('what happens', () => {
  test('a contact that is created is enrolled', async () => {
    const workflow = await coach.activate({ trigger: on('contact_created'), actions: [tagging('welcome')] });

    const ann = await coach.athlete();
    await coach.settle();

    expect(await coach.tags(ann)).toEqual(['welcome']);
    expect(await coach.runs(workflow, ann)).toEqual(['COMPLETED']);
  });

  test('a contact’s change is seen with what was before', async () => {
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

  test('a tag counts when it is the one that was configured', async () => {
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

  test('a form’s answers decide, also numbers that were sent as text', async () => {
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

  test('a pipeline’s stage and a payment, under the names that other systems use', async () => {
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

    // Runs of different workflows do not wait for each other.
    expect((await coach.tags(ann)).toSorted()).toEqual(['paid', 'past-trial']);
  });

  test('training is heard of from the engine itself', async () => {
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

  test('an account’s own event, once it is defined', async () => {
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

describe('filters', () => {
  const publishPayment = (userId: string, amount: string, product: string) =>
    coach.publish(userId, 'payment_received', { amount, product });

  test('AND wants every condition, OR any, and groups go into each other', async () => {
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

  test('an explanation has each condition with the value that decided it', async () => {
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

describe('states', () => {
  test('a draft and a paused workflow let events pass, and leave no trace of them', async () => {
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

  test('a workflow has one trigger at a time', async () => {
    const workflow = await coach.draft({ trigger: on('contact_created'), actions: [tagging('x')] });

    const second = coach.triggers.configureTrigger(
      configureTriggerRequest(workflow.id, on('contact_updated')),
    );

    await expect(second).rejects.toThrow(/Trigger already exists/);
  });

  test('a workflow that is deleted is archived, and its runs end', async () => {
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

describe('how often', () => {
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
    ['once ever, unless it says otherwise', {}, ['ENROLLED', 'ALREADY_ENROLLED']],
    [
      'again once the last run has ended',
      { policy: 'ENROLLMENT_POLICY_ONE_ACTIVE' },
      ['ENROLLED', 'ENROLLED'],
    ],
    ['as often as it happens', { policy: 'ENROLLMENT_POLICY_MULTIPLE' }, ['ENROLLED', 'ENROLLED']],
    [
      'not before it has cooled down',
      { policy: 'ENROLLMENT_POLICY_MULTIPLE', cooldown: '3600s' },
      ['ENROLLED', 'COOLDOWN'],
    ],
    [
      'so many times for one athlete in a while',
      { policy: 'ENROLLMENT_POLICY_MULTIPLE', limit: { count: 1, window: '3600s' } },
      ['ENROLLED', 'RATE_LIMITED'],
    ],
    [
      'so many times for the whole account in a while',
      { policy: 'ENROLLMENT_POLICY_MULTIPLE', cap: { count: 1, window: '86400s' } },
      ['ENROLLED', 'CAP_REACHED'],
    ],
  ])('%s', async (_, settings, verdicts) => {
    expect(await twice(settings)).toEqual(verdicts);
  });

  test('not again while the last run goes on', async () => {
    const settings = { policy: 'ENROLLMENT_POLICY_ONE_ACTIVE' };

    expect(await twice(settings, [{ wait: { duration: '3600s' } }])).toEqual([
      'ENROLLED',
      'ALREADY_ENROLLED',
    ]);
  });

  test('the same event again changes nothing', async () => {
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

describe('who', () => {
  test('athletes who opted out, or are deleted, are left alone, and it is said why', async () => {
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

  test('another account’s workflow, trigger and athlete are as if they were not there', async () => {
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

describe('trying it out', () => {
  test('a test tells every stage and enrolls nobody', async () => {
    const workflow = await coach.draft({
      trigger: on('payment_received', all(when('amount', 'greater_than', '10'))),
      actions: [tagging('paid')],
    });
    const userId = await coach.athlete();
    const trial = (amount: string) =>
      coach.triggers.testTrigger({
        triggerId: workflow.trigger?.id,
        userId,
        event: { case: 'simulated', value: { data: { amount } } },
      });

    expect(await trial('5')).toMatchObject({ matched: false, wouldEnroll: false });
    const matching = await trial('50');
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

  test('a preview counts the athletes that match, and masks who they are', async () => {
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

describe('loops', () => {
  test('a workflow that sets itself off cannot be activated', async () => {
    const draft = await coach.draft({
      trigger: on('tag_added', { settings: { configuration: { tag: 'a' } } }),
      actions: [{ remove_tag: { tag: 'a' } }, tagging('a')],
    });

    const error = await coach.workflows.activateWorkflow({ workflowId: draft.id }).catch(ConnectError.from);

    expect(`${error}`).toMatch(/failed_precondition/);
  });

  test('a chain that grows in spite of it ends by itself', async () => {
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

test('a stored filter that no longer reads is an error of its trigger alone', async () => {
  const broken = await coach.activate({ trigger: on('payment_received'), actions: [tagging('broken')] });
  const sound = await coach.activate({ trigger: on('payment_received'), actions: [tagging('sound')] });
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
  expect(await coach.verdict(eventId, sound)).toBe('ENROLLED');
  expect(await coach.tags(ann)).toEqual(['sound']);
  const { deadLetters } = await coach.events.listDeadLetters({});
  expect(deadLetters).toMatchObject([{ eventId, triggerId: broken.trigger?.id }]);
});
