/** What workflows promise to coaches, one sentence each, on a service with workers whose clock the tests set. */
import { toJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { enumName } from '../../../src/calls/enum-name.ts';
import { FieldType, OccurrenceShiftSchema } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import {
  CreateWorkflowRequestSchema,
  SimulateWorkflowRequestSchema,
  StepOutcomeSchema,
  WorkflowStatus,
} from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { MaxType, SetKind } from '../../../src/gen/progression/v1/common_pb.ts';
import { LiftMaxSource } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import {
  type Answering,
  startReceiver,
  type WebhookReceiver,
  withStatus,
} from '../../automation/actions/webhook-receiver.ts';
import { createLifts, present } from '../../support/catalog-fixtures.ts';
import { dumpTables } from '../../support/table-dump.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { type ClockedCoach, createClockedCoach } from './clocked-coach.ts';
import { all, on, read, tagging, when } from './coach.ts';

const db = useTestDatabase();
const FRIDAY = '2026-11-20T12:00:00Z';
const DAYS = 24;
const EVERY_TIME = { policy: 'ENROLLMENT_POLICY_MULTIPLE' };
let coach: ClockedCoach;
beforeEach(() => {
  coach = createClockedCoach(db.database, FRIDAY);
});

const receivers: WebhookReceiver[] = [];
afterEach(() => Promise.all(receivers.splice(0).map((receiver) => receiver.close())));
async function receiver(answer?: Answering): Promise<WebhookReceiver> {
  const started = await startReceiver(answer);
  receivers.push(started);
  return started;
}

const onTag = (tag: string, settings = {}) =>
  on('tag_added', { settings: { configuration: { tag }, ...settings } });
const waiting = (hours: number) => ({ wait: { duration: `${hours * 3_600}s` } });
const calling = (url: string, more = {}) => ({ call_webhook: { url, ...more } });
const addTags = (userId: string, ...tags: string[]) => coach.users.updateUser({ userId, addTags: tags });

/** An athlete in a program of the catalogue, with a training max of 100 for its first lift. */
async function trainee(): Promise<{ userId: string; liftId: string }> {
  const { program } = await coach.programs.copyProgram({
    from: { case: 'catalogSlug', value: 'greyskull-lp-kg' },
    slug: `program-${uuidv7()}`,
  });
  const userId = await coach.athlete();
  await coach.programs.enrollUser({ userId, programId: program?.id });
  const liftId = `${program?.lifts[0]?.id}`;
  await coach.progression.setLiftMax({ userId, liftId, maxType: MaxType.TRAINING_MAX, value: '100' });
  await coach.settle();
  return { userId, liftId };
}

const train = (userId: string, sessionId = uuidv7()) =>
  coach.progression.handleSessionComplete({
    userId,
    session: { sessionId, daySlug: 'day-a', weekNumber: 1 },
  });

const trainingMax = async (userId: string, liftId: string) =>
  (await coach.progression.getLiftMax({ userId, liftId, maxType: MaxType.TRAINING_MAX })).liftMax;

const outcomesOf = (steps: readonly { path: string; outcome: number; taken: string }[]) =>
  steps.map(({ path, outcome, taken }) => `${path} ${enumName(StepOutcomeSchema, outcome)} ${taken}`.trim());

describe('holds, hours and settings', () => {
  test('twenty-five logged sets of one session hold no workflow', async () => {
    const workflow = await coach.activate({
      trigger: on('set_logged', { settings: EVERY_TIME }),
      actions: [tagging('lifted')],
    });
    const { userId, liftId } = await trainee();
    const set = { liftId, kind: SetKind.WORK, weight: '60', targetReps: 5, repsPerformed: 5 };
    const sets = Array.from({ length: 25 }, (_, index) => ({ ...set, setNumber: index + 1 }));
    await coach.progression.logSets({ userId, sessionId: uuidv7(), sets });
    await coach.settle();

    expect(await coach.runs(workflow, userId)).toEqual(Array(25).fill('COMPLETED'));
    expect((await coach.triggers.listHolds({})).holds).toEqual([]);
  });

  test('a flood that a workflow causes is held, told of and listed, and let in again after thirty minutes', async () => {
    await coach.triggers.defineEventType({
      name: 'custom.ping',
      fields: [{ name: 'count', type: FieldType.INT }],
    });
    await coach.activate({
      trigger: on('payment_received', { settings: EVERY_TIME }),
      actions: [{ emit_event: { type: 'custom.ping', data: { count: 1 } } }],
    });
    const flooded = await coach.activate({
      trigger: on('custom.ping', { settings: EVERY_TIME }),
      actions: [tagging('pinged')],
    });
    await coach.activate({ trigger: on('hold_placed'), actions: [tagging('held')] });
    const ann = await coach.athlete();
    const pay = () => coach.publish(ann, 'payment_received', { amount: '1' });
    for (let n = 0; n < 22; n += 1) {
      await pay();
    }
    await coach.settle();

    expect(await coach.runs(flooded, ann)).toHaveLength(20);
    expect((await coach.triggers.listHolds({})).holds).toMatchObject([
      { workflowId: flooded.id, userId: ann },
    ]);
    expect(await coach.tags(ann)).toEqual(expect.arrayContaining(['held']));
    await coach.pass(0.51);
    expect((await coach.triggers.listHolds({})).holds).toEqual([]);
    await pay();
    await coach.settle();
    expect(await coach.runs(flooded, ann)).toHaveLength(21);
  });

  test('an event of Friday noon that arrives on Monday at 04:18 waits for the opening', async () => {
    const intervals = [1, 2, 3, 4, 5].map((weekday) => ({ weekday, opens: '09:00', closes: '17:00' }));
    const workflow = await coach.activate({
      trigger: on('payment_received', { settings: { business_hours: { time_zone: 'UTC', intervals } } }),
      actions: [tagging('thanked')],
    });
    const ann = await coach.athlete();
    await coach.at('2026-11-23T04:18:00Z');
    const event = await coach.publish(ann, 'payment_received', { amount: '1' }, { occurred_at: FRIDAY });
    await coach.settle();

    expect(await coach.verdict(event, workflow)).toBe('OUTSIDE_BUSINESS_HOURS');
    await coach.at('2026-11-23T08:59:00Z');
    expect(await coach.runs(workflow, ann)).toEqual(['QUEUED']);
    await coach.at('2026-11-23T09:00:00Z');
    expect(await coach.runs(workflow, ann)).toEqual(['COMPLETED']);
  });

  test('a step after a wait keeps quiet until it is day where the athlete is', async () => {
    const intervals = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, opens: '09:00', closes: '22:00' }));
    await coach.activate({
      trigger: onTag('new', {
        business_hours: { in_athletes_time_zone: true, intervals },
        quiet_hours: true,
      }),
      actions: [waiting(2), tagging('greeted')],
    });
    // 21:00 in Tokyo.
    const ann = await coach.athlete({ timeZone: 'Asia/Tokyo' });
    await addTags(ann, 'new');
    await coach.settle();

    await coach.pass(2);
    expect(await coach.tags(ann)).toEqual(['new']);
    await coach.at('2026-11-21T00:00:00Z');
    expect(await coach.tags(ann)).toEqual(['new', 'greeted']);
  });

  test('what a workflow changed has the source AUTOMATION, and can be told from what a coach changed', async () => {
    const { userId, liftId } = await trainee();
    await coach.activate({
      trigger: on('lift_max_changed', {
        settings: EVERY_TIME,
        ...(all(when('actor', 'equals', 'COACH')) as object),
      }),
      actions: [tagging('by-hand')],
    });
    await coach.activate({
      trigger: onTag('tired'),
      actions: [{ scale_lift_max: { lift_id: liftId, max_type: 'MAX_TYPE_TRAINING_MAX', factor: '0.9' } }],
    });
    await addTags(userId, 'tired');
    await coach.settle();

    expect(await trainingMax(userId, liftId)).toMatchObject({
      value: '90',
      source: LiftMaxSource.AUTOMATION,
    });
    expect(await coach.tags(userId)).toEqual(['tired']);
    await coach.progression.setLiftMax({ userId, liftId, maxType: MaxType.TRAINING_MAX, value: '95' });
    await coach.settle();
    expect(await coach.tags(userId)).toEqual(['tired', 'by-hand']);
  });

  test('the next times of a schedule are named, with the zone of the account and shifts of the clock', async () => {
    await coach.users.updateAccount({ timeZone: 'Europe/Berlin' });
    const birthday = await coach.draft({
      trigger: on('birthday', { settings: { ...EVERY_TIME, time: { birthday: { at: '02:30' } } } }),
      actions: [tagging('congratulated')],
    });
    const ann = await coach.athlete({ birthDate: '1990-03-28' });
    const { occurrences } = await coach.triggers.listNextOccurrences({
      ...{ triggerId: birthday.trigger?.id, userId: ann },
    });

    expect(occurrences).toHaveLength(10);
    expect(new Set(occurrences.map(({ timeZone }) => timeZone))).toEqual(new Set(['Europe/Berlin']));
    // On 2027-03-28 clocks go from 02:00 to 03:00.
    expect(enumName(OccurrenceShiftSchema, present(occurrences[0]).shift)).toBe('GAP');
  });

  test('a schedule that would enroll each athlete once only is warned of, and an uneven cron step', async () => {
    const schedule = { recurring_schedule: { time_zone: 'UTC', cron: '*/13 * * * *' } };
    const { warnings } = await coach.workflows.createWorkflow(
      read(CreateWorkflowRequestSchema, {
        name: 'Often',
        trigger: on('recurring_schedule', { settings: { time: schedule } }),
        actions: [tagging('x')],
      }),
    );
    expect(warnings.map(({ reason }) => reason).sort()).toEqual(['CRON_STEP_UNEVEN', 'RECURRING_ONCE_EVER']);
  });
});

describe('a hand on every run', () => {
  test('a receiver that is down for a day loses nothing: the failed runs stay, and are redriven', async () => {
    let isUp = false;
    const { url, received } = await receiver((response) =>
      withStatus(isUp ? 204 : 503)(response, {} as never),
    );
    const workflow = await coach.activate({
      trigger: onTag('new'),
      actions: [calling(url), tagging('told')],
    });
    const athletes = [await coach.athlete(), await coach.athlete()];
    for (const userId of athletes) {
      await addTags(userId, 'new');
    }
    await coach.settle();
    for (let hour = 0; hour < DAYS; hour += 1) {
      await coach.pass(1);
    }
    for (const userId of athletes) {
      const run = await coach.run(workflow, userId);
      expect(run).toMatchObject({ endedReason: 'WEBHOOK_UNAVAILABLE', steps: [{ attempts: 12 }] });
      expect(run.steps[0]?.tries.at(-1)?.detail).toBe('the answer was 503');
    }

    isUp = true;
    const redriven = await coach.workflows.redriveRuns({ workflowId: workflow.id });
    await coach.settle();

    expect(redriven).toMatchObject({ redrivenCount: 2, remainingCount: 0 });
    expect(await Promise.all(athletes.map(coach.tags))).toEqual([
      ['new', 'told'],
      ['new', 'told'],
    ]);
    const ids = new Set(received.map(({ headers }) => headers['webhook-id']));
    expect([received.length, ids.size]).toEqual([26, 2]);
  });

  test('a failed run of a ONCE_EVER workflow goes on with the step that failed', async () => {
    let status = 400;
    const { url } = await receiver((response) => withStatus(status)(response, {} as never));
    const workflow = await coach.activate({
      trigger: onTag('new'),
      actions: [tagging('first'), calling(url), tagging('last')],
    });
    const ann = await coach.athlete();
    await addTags(ann, 'new');
    await coach.settle();
    const failed = await coach.run(workflow, ann);
    expect(failed.steps[1]?.tries).toMatchObject([
      { reason: 'WEBHOOK_REFUSED', detail: 'the answer was 400' },
    ]);

    status = 204;
    await coach.workflows.retryRun({ runId: failed.id });
    await coach.settle();
    expect(await coach.runs(workflow, ann)).toEqual(['COMPLETED']);
    expect(await coach.tags(ann)).toEqual(['new', 'first', 'last']);
  });

  test('a run is paused and goes on, or is cancelled, by hand', async () => {
    const workflow = await coach.activate({ trigger: onTag('new'), actions: [waiting(2), tagging('done')] });
    const [ann, bob] = [await coach.athlete(), await coach.athlete()];
    await addTags(ann, 'new');
    await addTags(bob, 'new');
    await coach.settle();
    const { id: runId } = await coach.run(workflow, ann);
    await coach.workflows.pauseRun({ runId });
    await coach.workflows.cancelRun({ runId: (await coach.run(workflow, bob)).id });
    await coach.pass(3);

    expect([await coach.runs(workflow, ann), await coach.runs(workflow, bob)]).toEqual([
      ['PAUSED'],
      ['CANCELLED'],
    ]);
    await coach.workflows.resumeRun({ runId });
    await coach.settle();
    expect([await coach.tags(ann), await coach.tags(bob)]).toEqual([['new', 'done'], ['new']]);
  });

  test('the runs of a workflow are counted, then cancelled with the confirmation', async () => {
    const workflow = await coach.activate({ trigger: onTag('new'), actions: [waiting(2), tagging('done')] });
    const athletes = [await coach.athlete(), await coach.athlete(), await coach.athlete()];
    for (const userId of athletes) {
      await addTags(userId, 'new');
    }
    await coach.settle();
    const workflowId = workflow.id;
    const { matchingCount, confirmationToken, cancelledCount } = await coach.workflows.cancelRuns({
      workflowId,
    });
    expect([matchingCount, cancelledCount]).toEqual([3, 0]);

    await coach.workflows.cancelRuns({ workflowId, confirmationToken });
    await coach.pass(3);
    expect(await Promise.all(athletes.map(coach.tags))).toEqual([['new'], ['new'], ['new']]);
  });

  test('athletes are enrolled by hand, whatever the filter says, by the policy or past it', async () => {
    const never = all(when('athlete.tags', 'contains', 'unused-tag')) as object;
    const workflow = await coach.activate({
      trigger: on('payment_received', never),
      actions: [tagging('in')],
    });
    const userIds = [await coach.athlete(), await coach.athlete()];
    const enroll = async (ignorePolicy: boolean) => {
      const { results } = await coach.workflows.enrollAthletes({
        workflowId: workflow.id,
        userIds,
        ignorePolicy,
      });
      await coach.settle();
      return results.filter(({ runId }) => runId !== '').length;
    };

    expect([await enroll(false), await enroll(false), await enroll(true)]).toEqual([2, 0, 2]);
    expect(await coach.runs(workflow, `${userIds[0]}`)).toEqual(['COMPLETED', 'COMPLETED']);
  });

  test('a run tells every try of every step: when, what came of it, why, and what it changed', async () => {
    let isFirst = true;
    const { url } = await receiver((response) => {
      withStatus(isFirst ? 503 : 204)(response, {} as never);
      isFirst = false;
    });
    const { userId, liftId } = await trainee();
    const workflow = await coach.activate({
      trigger: onTag('tired'),
      actions: [
        { scale_lift_max: { lift_id: liftId, max_type: 'MAX_TYPE_TRAINING_MAX', factor: '0.9' } },
        calling(url),
        tagging('vip'),
      ],
    });
    await addTags(userId, 'vip', 'tired');
    await coach.settle();
    await coach.pass(1);
    const { steps } = await coach.run(workflow, userId);

    expect(outcomesOf(steps)).toEqual(['actions[0] DONE', 'actions[1] DONE', 'actions[2] NO_CHANGE']);
    expect(steps.map(({ tries }) => tries.map(({ reason, detail }) => [reason, detail]))).toEqual([
      [['', '']],
      [
        ['WEBHOOK_UNAVAILABLE', 'the answer was 503'],
        ['', ''],
      ],
      [['', '']],
    ]);
    const [first, second] = present(steps[1]).tries;
    const [ended, started] = [present(present(first).endedAt), present(present(second).startedAt)];
    expect(started.seconds - ended.seconds).toBe(3_600n);
    expect(
      steps.map(({ changes }) =>
        changes.map(({ type, data, previous }) => [type, previous?.value, data?.value]),
      ),
    ).toEqual([[['lift_max_changed', '100', '90']], [], []]);
    // A list of runs leaves it out.
    const { enrollments } = await coach.workflows.listWorkflowEnrollments({ workflowId: workflow.id });
    expect(enrollments[0]?.steps[0]?.changes).toEqual([]);
  });

  test('a step says what follows its failure: other steps, and then those behind it', async () => {
    const { url } = await receiver(withStatus(404));
    const failing = { ...calling(url), name: 'tell', on_failure: 'FAILURE_POLICY_CONTINUE' };
    const workflow = await coach.activate({
      trigger: onTag('new'),
      actions: [{ ...failing, failure_steps: [tagging('not-told')] }, tagging('end')],
    });
    const ann = await coach.athlete();
    await addTags(ann, 'new');
    await coach.settle();

    expect(await coach.runs(workflow, ann)).toEqual(['COMPLETED']);
    expect(await coach.tags(ann)).toEqual(['new', 'not-told', 'end']);
  });
});

describe('shapes', () => {
  test('a branch chooses by the event, the athlete and earlier steps, and a split by the athlete', async () => {
    const workflow = await coach.activate({
      trigger: on('payment_received', { settings: EVERY_TIME }),
      actions: [
        { name: 'mark', ...tagging('paid') },
        {
          branch: {
            ...(all(
              when('amount', 'greater_than', 100),
              when('athlete.tags', 'contains', 'vip'),
              when('steps.mark.outcome', 'equals', 'DONE'),
            ) as object),
            // biome-ignore lint/suspicious/noThenProperty: the contract names the list so.
            then: [tagging('first-large')],
            else: [{ split: { paths: ['a', 'b'].map((name) => ({ name, percent: 50, actions: [] })) } }],
          },
        },
      ],
    });
    const ann = await coach.athlete({ tags: ['vip'] });
    for (const amount of ['200', '200', '50']) {
      await coach.publish(ann, 'payment_received', { amount });
      await coach.settle();
    }

    const { enrollments } = await coach.workflows.listWorkflowEnrollments({ workflowId: workflow.id });
    const taken = enrollments
      .map(({ steps }) => steps.map((step) => step.taken).filter(Boolean))
      .toReversed();
    expect(taken[0]).toEqual(['then']);
    expect(taken[1]).toEqual(['else', expect.stringMatching(/^[ab]$/)]);
    expect(taken[2]).toEqual(taken[1]);
  });

  test('a wait ends with its event, or with its time', async () => {
    const workflow = await coach.activate({
      trigger: onTag('new'),
      actions: [
        {
          wait_for_event: {
            event_type: 'payment_received',
            ...(all(when('amount', 'greater_than', 10)) as object),
            timeout: '86400s',
            received: [tagging('paid')],
            timed_out: [tagging('call-them')],
          },
        },
      ],
    });
    const [ann, bob] = [await coach.athlete(), await coach.athlete()];
    await addTags(ann, 'new');
    await addTags(bob, 'new');
    await coach.settle();
    await coach.publish(ann, 'payment_received', { amount: '20' });
    await coach.publish(bob, 'payment_received', { amount: '5' });
    await coach.settle();

    expect([await coach.tags(ann), await coach.runs(workflow, bob)]).toEqual([['new', 'paid'], ['ACTIVE']]);
    await coach.pass(DAYS);
    expect(await coach.tags(bob)).toEqual(['new', 'call-them']);
  });

  test('runs under way keep their version, or move with a change and with its rollback', async () => {
    const workflow = await coach.activate({ trigger: onTag('new'), actions: [waiting(2), tagging('old')] });
    const start = async () => {
      const userId = await coach.athlete();
      await addTags(userId, 'new');
      await coach.settle();
      return userId;
    };
    const kept = await start();
    const actions = { actions: [waiting(2), tagging('changed')] };
    await coach.update(workflow, { actions });
    const moved = await start();
    const { movedRunCount } = await coach.update(workflow, {
      actions: { actions: [waiting(2), tagging('changed again')] },
      move_runs: true,
    });
    expect(movedRunCount).toBe(2);
    const { workflow: now } = await coach.workflows.getWorkflow({ workflowId: workflow.id });
    const rolledBack = await coach.workflows.rollbackWorkflow({
      ...{ workflowId: workflow.id, etag: `${now?.etag}`, version: 2, moveRuns: true },
    });
    expect(rolledBack.movedRunCount).toBe(2);
    await coach.update(workflow, { actions });
    await coach.pass(2);

    // The last change did not move them.
    expect([await coach.tags(kept), await coach.tags(moved)]).toEqual([
      ['new', 'old'],
      ['new', 'old'],
    ]);
    const { versions } = await coach.workflows.listWorkflowVersions({ workflowId: workflow.id });
    expect(versions.map(({ version }) => version)).toEqual([6, 5, 4, 3, 2, 1]);
    const { differences } = await coach.workflows.compareWorkflowVersions({
      ...{ workflowId: workflow.id, fromVersion: 5 },
    });
    expect(differences.map(({ path }) => path)).toEqual(['actions[1].add_tag.tag']);
  });

  test('a deleted workflow comes back, and a copy has its tags, steps and exits', async () => {
    const exits = [{ event_type: 'session_completed' }];
    const made = await coach.activate({
      tags: ['care'],
      trigger: onTag('new'),
      actions: [tagging('x')],
      exits,
    });
    await coach.pass(1);
    await coach.workflows.deleteWorkflow({ workflowId: made.id });
    const { workflow: restored } = await coach.workflows.restoreWorkflow({ workflowId: made.id });
    const { workflow: copy } = await coach.workflows.cloneWorkflow({ workflowId: made.id });

    expect(restored).toMatchObject({ status: WorkflowStatus.PAUSED, trigger: { triggerEvent: 'tag_added' } });
    expect(copy).toMatchObject({ tags: ['care'], actions: made.actions, exits: made.exits });
  });

  test('a workflow travels to another account as a file: without secrets, and with a list of what is missing', async () => {
    const { squat } = await createLifts(coach, 'squat');
    const secret = `whsec_${Buffer.alloc(24, 's').toString('base64')}`;
    const made = await coach.draft({
      tags: ['care'],
      trigger: onTag('new'),
      actions: [
        { scale_lift_max: { lift_id: squat, max_type: 'MAX_TYPE_TRAINING_MAX', factor: '0.9' } },
        calling('https://example.org/hook', { secret }),
      ],
    });
    const { file } = await coach.workflows.exportWorkflow({ workflowId: made.id });
    expect(JSON.stringify(file, (_, value) => (typeof value === 'bigint' ? `${value}` : value))).not.toMatch(
      new RegExp(`whsec|${squat}`),
    );

    const other = createClockedCoach(db.database, FRIDAY);
    const { missing } = await other.workflows.importWorkflow({ file, validateOnly: true });
    expect(missing.map(({ token }) => token)).toEqual(['<lift:squat>']);
    const theirs = await createLifts(other, 'squat');
    const { workflow, warnings } = await other.workflows.importWorkflow({ file });
    expect(workflow).toMatchObject({
      tags: ['care'],
      actions: [{ action: { value: { liftId: theirs.squat } } }, { action: { value: { hasSecret: false } } }],
    });
    expect(warnings.map(({ reason }) => reason)).toContain('WEBHOOK_SECRET_MISSING');
  });
});

describe('values', () => {
  test('texts are templates, and typed places take values with their type', async () => {
    await coach.triggers.defineField({ field: { path: 'custom.paid', type: FieldType.DECIMAL } });
    await coach.activate({
      trigger: on('payment_received'),
      actions: [
        tagging('paid-{{ event.currency | downcase }}'),
        { set_attribute: { field: 'custom.paid', value: '{{ event.amount }}' } },
      ],
    });
    const ann = await coach.athlete();
    await coach.publish(ann, 'payment_received', { amount: '49.90', currency: 'EUR' });
    await coach.settle();

    const { user } = await coach.users.getUser({ userId: ann });
    expect(user).toMatchObject({ tags: ['paid-eur'], attributes: { paid: '49.90' } });
    const misspelt = coach.draft({
      trigger: on('payment_received'),
      actions: [tagging('{{ event.amuont }}')],
    });
    await expect(misspelt).rejects.toThrow(
      /actions\[0\]\.add_tag\.tag: \{\{ event\.amuont \}\} is not known/,
    );
  });

  test('a webhook sends what another system wants, and later steps branch by its answer, never by its secret', async () => {
    const { url, received } = await receiver((response, { headers }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ plan: 'gold', seen: headers.authorization }));
    });
    await coach.workflows.setSecret({ name: 'token', value: 'kanarie' });
    const workflow = await coach.activate({
      trigger: onTag('new'),
      actions: [
        {
          name: 'look',
          ...calling(`${url}/athletes`, {
            method: 'WEBHOOK_METHOD_PUT',
            headers: [{ name: 'Authorization', value: 'Bearer {{ secrets.token }}' }],
            json: { name: '{{ athlete.name }}' },
          }),
        },
        {
          branch: {
            ...(all(when('steps.look.body.plan', 'equals', 'gold')) as object),
            // biome-ignore lint/suspicious/noThenProperty: the contract names the list so.
            then: [tagging('{{ steps.look.body.plan }}')],
          },
        },
      ],
    });
    const ann = await coach.athlete({ name: 'Ann' });
    await addTags(ann, 'new');
    await coach.settle();

    expect(received).toMatchObject([
      {
        method: 'PUT',
        path: '/athletes',
        headers: { authorization: 'Bearer kanarie' },
        body: '{"name":"Ann"}',
      },
    ]);
    expect(await coach.tags(ann)).toEqual(['new', 'gold']);
    const { steps } = await coach.run(workflow, ann);
    const body = present(steps[0]?.answer?.body);
    expect(toJson(ValueSchema, body)).toEqual({ plan: 'gold', seen: 'Bearer [secret]' });
    const { secrets } = await coach.workflows.listSecrets({});
    expect(secrets.map(({ name }) => name)).toEqual(['token']);
    await expect(coach.workflows.deleteSecret({ name: 'token' })).rejects.toThrow(/failed_precondition/);
  });
});

describe('this product’s own data', () => {
  test('filters read the training of athletes and what happened to them before', async () => {
    await coach.activate({
      trigger: on('appointment_no_show', {
        filter: {
          conditions: [when('athlete.training.sessions_7_days', 'less_than', 2)],
          history: [{ event: 'appointment_no_show', within: '30d', at_least: 2 }],
        },
        settings: EVERY_TIME,
      }),
      actions: [tagging('talk')],
    });
    const [{ userId: busy }, { userId: idle }] = [await trainee(), await trainee()];
    await train(busy);
    await train(busy);
    for (const userId of [busy, idle, idle]) {
      await coach.publish(userId, 'appointment_no_show');
      await coach.settle();
    }
    await coach.publish(busy, 'appointment_no_show');
    await coach.settle();

    expect([await coach.tags(busy), await coach.tags(idle)]).toEqual([[], ['talk']]);
  });

  test('the drop-off rescue begins by itself when an athlete stays away, and stops when they train', async () => {
    const { url, received } = await receiver();
    const { workflow } = await coach.workflows.createWorkflowFromTemplate({
      template: 'drop-off-rescue',
      parameters: { days: '10', webhook_url: url },
    });
    const rescue = present(workflow);
    const [{ userId: back }, { userId: away }] = [await trainee(), await trainee()];
    await train(back);
    await train(away);
    await coach.workflows.activateWorkflow({ workflowId: rescue.id });
    await coach.pass(9 * DAYS);
    expect(received).toEqual([]);
    await coach.pass(DAYS);
    expect(received).toHaveLength(2);

    await coach.pass(2 * DAYS);
    await train(back);
    await coach.pass(5 * DAYS);
    expect([await coach.runs(rescue, back), await coach.runs(rescue, away)]).toEqual([
      ['EXITED'],
      ['COMPLETED'],
    ]);
    expect((await coach.run(rescue, back)).endedReason).toBe('GOAL_REACHED');
    expect(received.map(({ body }) => JSON.parse(body).data.user_id).sort()).toEqual(
      [back, away, away].sort(),
    );
  });

  test('a planned session that is not completed is missed by itself, and followed up until the next one', async () => {
    const { url } = await receiver((response, { body }) =>
      withStatus(JSON.parse(body).data.user_id === unknown ? 404 : 202)(response, {} as never),
    );
    const { workflow } = await coach.workflows.createWorkflowFromTemplate({
      template: 'missed-session-follow-up',
      parameters: { webhook_url: url, days: '2' },
      tags: ['retention'],
    });
    expect(workflow?.tags).toEqual(['retention']);
    await coach.workflows.activateWorkflow({ workflowId: present(workflow).id });
    const athletes = [await trainee(), await trainee(), await trainee()].map(({ userId }) => userId);
    const [back, away, unknown] = athletes;
    for (const userId of athletes) {
      const data = { session_id: uuidv7(), planned_at: '2026-11-20T17:00:00Z' };
      await coach.publish(userId, 'session_planned', data);
    }
    await coach.settle();
    await coach.at('2026-11-21T17:00:00Z');
    await coach.pass(DAYS);
    await train(`${back}`);
    await coach.settle();
    await coach.pass(2 * DAYS);

    expect(await Promise.all(athletes.map(coach.tags))).toEqual([[], ['missed-session'], ['not-reached']]);
    expect((await coach.run(present(workflow), `${back}`)).steps.at(-1)).toMatchObject({ taken: 'received' });
    expect((await coach.run(present(workflow), `${away}`)).steps.at(-2)).toMatchObject({
      taken: 'timed_out',
    });
  });

  test('fields that the catalogue does not know are kept, and read by their path', async () => {
    await coach.activate({
      trigger: on('payment_received', all(when('data.utm.source', 'equals', 'newsletter'))),
      actions: [tagging('by-{{ event.data.utm.source }}')],
    });
    const ann = await coach.athlete();
    await coach.publish(ann, 'payment_received', { amount: '1', utm: { source: 'newsletter' } });
    await coach.settle();

    expect(await coach.tags(ann)).toEqual(['by-newsletter']);
  });

  test('a simulation says who would enter, and each max before and after, and writes nothing', async () => {
    const { userId, liftId } = await trainee();
    const { id } = await coach.draft({
      trigger: onTag('tired'),
      actions: [{ scale_lift_max: { lift_id: liftId, max_type: 'MAX_TYPE_TRAINING_MAX', factor: '0.9' } }],
    });
    await addTags(userId, 'tired');
    await coach.settle();
    const before = await dumpTables(db.database);
    const simulate = (scope: object) =>
      coach.workflows.simulateWorkflow(read(SimulateWorkflowRequestSchema, { workflow_id: id, ...scope }));

    const { steps } = await simulate({ run: { user_id: userId, simulated: { data: { tag: 'tired' } } } });
    const period = await simulate({ period: { days: 30 } });

    expect(steps[0]?.changes).toMatchObject([
      { type: 'lift_max_changed', previous: { value: '100' }, data: { value: '90' } },
    ]);
    expect(period).toMatchObject({ runCount: 1, athleteCount: 1 });
    expect(await dumpTables(db.database)).toEqual(before);
    expect(await trainingMax(userId, liftId)).toMatchObject({ value: '100' });
  });
});

describe('operating it', () => {
  test('a workflow tells of runs that fail, of webhooks that keep failing, and of runs that complete', async () => {
    const { url } = await receiver(withStatus(503));
    for (const [event, tag] of Object.entries({
      run_failed: 'failed',
      webhook_failing: 'failing',
      run_completed: 'completed',
    })) {
      await coach.activate({ trigger: on(event), actions: [tagging(tag)] });
    }
    await coach.activate({
      trigger: onTag('call'),
      actions: [{ ...calling(url), retry: { tries: 4, first_pause: '1s', longest_pause: '1s' } }],
    });
    const ann = await coach.athlete();
    await addTags(ann, 'call');
    await coach.settle();
    for (let n = 0; n < 4; n += 1) {
      await coach.pass(0.001);
    }

    expect((await coach.tags(ann)).toSorted()).toEqual(['call', 'completed', 'failed', 'failing']);
  });

  test('statistics say what became of the runs, and where they are now', async () => {
    const workflow = await coach.activate({
      trigger: onTag('new'),
      actions: [waiting(2), { name: 'rest', ...waiting(48) }],
      exits: [{ event_type: 'payment_received' }],
    });
    const [done, gone, open] = [await coach.athlete(), await coach.athlete(), await coach.athlete()];
    await addTags(done, 'new');
    await addTags(gone, 'new');
    await coach.settle();
    await coach.publish(gone, 'payment_received', { amount: '1' });
    await coach.pass(2);
    await coach.pass(48);
    await addTags(open, 'new');
    await coach.settle();
    await coach.pass(2);

    const { total, versions, atSteps } = await coach.workflows.getWorkflowStats({ workflowId: workflow.id });
    expect(total).toMatchObject({ entered: 3n, completed: 1n, exited: 1n, open: 1n });
    expect(Number(total?.medianTimeToComplete?.seconds)).toBe(50 * 3_600);
    expect(versions.map(({ version }) => version)).toEqual([workflow.version]);
    expect(atSteps).toMatchObject([{ path: 'actions[1]', name: 'rest', runs: 1n }]);
  });

  test('workflows are found by name, tag, event and state', async () => {
    const text = { tags: ['billing'], trigger: on('payment_received'), actions: [tagging('x')] };
    await coach.activate({ ...text, name: 'Thank' });
    await coach.draft({ ...text, name: 'Thank later' });
    await coach.activate({ ...text, name: 'Thank for booking', tags: [], trigger: on('appointment_booked') });
    const { workflows } = await coach.workflows.listWorkflows({
      ...{ nameContains: 'thank', tag: 'billing', triggerEvent: 'payment.received' },
      status: WorkflowStatus.ACTIVE,
    });

    expect(workflows.map(({ name }) => name)).toEqual(['Thank']);
  });
});
