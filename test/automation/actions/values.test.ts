/** Values in steps: templates over the event, the athlete and earlier answers, and calls of third parties. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromJson, type JsonValue, type MessageInitShape, toJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../../src/automation/evaluation/evaluator.ts';
import { ActionSchema, WebhookMethod } from '../../../src/gen/automation/v1/action_pb.ts';
import type { FilterGroupSchema } from '../../../src/gen/automation/v1/filter_pb.ts';
import { FieldType } from '../../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowEnrollmentState as State } from '../../../src/gen/automation/v1/workflow_service_pb.ts';
import { MaxType } from '../../../src/gen/progression/v1/common_pb.ts';
import { readRows } from '../../store/schema-dump.ts';
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
import { createLifts, present } from '../../support/catalog-fixtures.ts';
import { useTestDatabase } from '../../support/test-database.ts';
import { evaluatorDeps } from '../evaluation/automated-account.ts';
import { createTestRunner, type TestRunner } from './runs.ts';
import { createTestClock, type TestClock } from './test-clock.ts';
import { sendGrid, slack, twilio } from './third-parties.ts';
import { type Answering, startReceiver, type WebhookReceiver, withStatus } from './webhook-receiver.ts';

type Step = MessageInitShape<typeof ActionSchema>;
type FilterInit = MessageInitShape<typeof FilterGroupSchema>;
type Webhook = Extract<NonNullable<Step['action']>, { case: 'callWebhook' }>['value'];

const ENVIRONMENT = {
  ...{ WEBHOOK_ALLOW_HTTP: 'on', WEBHOOK_ALLOW_PRIVATE: 'on' },
  SECRETS_KEY: randomBytes(32).toString('base64'),
};

const db = useTestDatabase();
let client: AutomationClient;
let runner: TestRunner;
let now: TestClock['now'];
const receivers: WebhookReceiver[] = [];

beforeEach(() => {
  ({ now } = createTestClock());
  client = createAutomationClient(db.database, { clock: now, environment: ENVIRONMENT });
  runner = createTestRunner(db.database, { now, environment: ENVIRONMENT });
});
afterEach(async () => {
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
});

async function receiver(answer?: Answering): Promise<WebhookReceiver> {
  const started = await startReceiver(answer);
  receivers.push(started);
  return started;
}

const hook = (value: Webhook, name = ''): Step => ({ name, action: { case: 'callWebhook', value } });
const setLevel = (value: string): Step => ({
  action: { case: 'setAttribute', value: { field: 'custom.level', value: jsonValue(value) } },
});

/** Two attributes, an event of the account's own, and an athlete at level 3. */
async function prepare(attributes: Record<string, string | number> = { level: 3 }): Promise<string> {
  await client.triggers.defineField({ field: { path: 'custom.level', type: FieldType.INT } });
  await client.triggers.defineField({ field: { path: 'custom.phone', type: FieldType.STRING } });
  await client.triggers.defineEventType({
    name: 'custom.leveled',
    fields: [{ name: 'level', type: FieldType.INT }],
  });
  const { user } = await client.users.createUser({ name: 'Ana' });
  const userId = present(user).id;
  await client.users.updateUser({ userId, attributes });
  return userId;
}

/** Runs the steps for the athlete, whom the tag `start` enrolls. */
async function run(userId: string, actions: Step[]) {
  const { id: workflowId } = await createActiveWorkflow(client, { trigger: onTag('start'), actions });
  await client.users.updateUser({ userId, addTags: ['start'] });
  const evaluator = createEvaluator(evaluatorDeps(db.database, { clock: now }));
  for (let left = 1; left > 0; ) {
    left = (await evaluator.evaluatePartitions(client.accountId, [...Array(32).keys()])).evaluated;
  }
  await runner.runAll();
  const { enrollments } = await client.workflows.listWorkflowEnrollments({ workflowId });
  return present(enrollments[0]);
}

async function athlete(userId: string) {
  return present((await client.users.getUser({ userId })).user);
}

describe('steps', () => {
  test('take texts and typed values from the event and the athlete as they are then', async () => {
    const userId = await prepare();
    const { squat } = await createLifts(client, 'squat');
    const max = { liftId: squat, maxType: MaxType.ONE_RM };

    const made = await run(userId, [
      addTag('{{ event.tag }}-of-{{ athlete.name | downcase }}'),
      addTag('plain {% stays | as }} it is'),
      { action: { case: 'setLiftMax', value: { ...max, value: '{{ athlete.level | times: 40.5 }}' } } },
      setLevel('{{ athlete.level | plus: 1 }}'),
      {
        action: {
          case: 'emitEvent',
          value: { type: 'custom.leveled', data: { level: '{{ athlete.level }}' } },
        },
      },
    ]);

    expect([made.state, made.endedReason]).toEqual([State.COMPLETED, '']);
    expect(await athlete(userId)).toMatchObject({
      tags: ['start', 'start-of-ana', 'plain {% stays | as }} it is'],
    });
    const { liftMax } = await client.progression.getLiftMax({ userId, ...max });
    expect(liftMax?.value).toBe('121.5');
    const emitted = await readRows<{ data: unknown }>(
      db.database,
      sql`select f -> 'data' as data from outbox, jsonb_array_elements(facts) f
          where user_id = ${userId} and f ->> 'type' = 'custom.leveled'`,
    );
    expect(emitted).toEqual([{ data: { level: '4' } }]);
  });

  test('read what an earlier webhook was answered, without the secret that it was sent', async () => {
    const userId = await prepare();
    await client.workflows.setSecret({ name: 'token', value: 'kanarie-1' });
    const { url, received } = await receiver((response, { headers }) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ id: 7, level: 5, seen: headers['x-token'], list: ['a', 'b'] }));
    });

    const made = await run(userId, [
      hook(
        {
          url: `${url}/athletes/{{ athlete.id }}`,
          method: WebhookMethod.GET,
          headers: [{ name: 'X-Token', value: '{{ secrets.token }}' }],
        },
        'lookup',
      ),
      setLevel('{{ steps.lookup.body.level }}'),
      addTag(
        '{{ steps.lookup.body.list | join: "+" }} {{ steps.lookup.body.seen }} {{ steps.lookup.status }}',
      ),
      addTag('{{ steps.lookup.body.gone }}'),
    ]);

    expect(received[0]).toMatchObject({ method: 'GET', path: `/athletes/${userId}`, body: '' });
    expect(received[0]?.headers['x-token']).toBe('kanarie-1');
    expect(await athlete(userId)).toMatchObject({
      tags: ['start', 'a+b [secret] 200'],
      attributes: { level: 5 },
    });
    expect([made.state, made.endedReason]).toEqual([State.FAILED, 'TEMPLATE_FAILED']);
    const { run: read } = await client.workflows.getRun({ runId: made.id });
    expect(read?.steps.at(-1)?.tries).toMatchObject([
      { reason: 'TEMPLATE_FAILED', detail: expect.stringMatching(/^add_tag\.tag: .*gone/) },
    ]);
    const answer = read?.steps[0]?.answer;
    expect(answer?.status).toBe(200);
    const body = answer?.body && toJson(ValueSchema, answer.body);
    expect(JSON.stringify(body)).toContain('[secret]');
    expect(JSON.stringify(body)).not.toContain('kanarie');
    // Answers that are stored, and lists, are without.
    expect(made.steps.map((step) => step.answer)).toEqual(made.steps.map(() => undefined));
    const shown = JSON.stringify(await readRows(db.database, sql`select * from action_executions`));
    expect(shown).not.toContain('kanarie');
    expect(read?.steps[1]?.changes).toMatchObject([
      { type: 'custom_field_changed', data: { field_name: 'level' } },
    ]);
    await client.users.eraseUser({ userId, reason: 'test' });
    expect(
      await readRows(
        db.database,
        sql`select from action_executions where user_id = ${userId} and (answer is not null or changes is not null)`,
      ),
    ).toEqual([]);
  });

  test('branch by what an earlier webhook was answered', async () => {
    const userId = await prepare();
    const { url } = await receiver((response) => {
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ plan: { name: 'gold', seats: 12 }, flags: ['a', 'b'], text: '12' }));
    });
    const branch = (filter: FilterInit, then: Step[]): Step => ({
      action: { case: 'branch', value: { filter, then } },
    });
    const when = (field: string, operator: string, value: JsonValue | undefined, tag: string) =>
      branch({ conditions: [condition(field, operator, value)] }, [addTag(tag)]);

    const made = await run(userId, [
      hook({ url }, 'lookup'),
      when('steps.lookup.status', 'equals', 201, 'status'),
      when('steps.lookup.body.plan.name', 'equals', 'gold', 'name'),
      when('steps.lookup.body.plan.seats', 'greater_than', 11, 'seats'),
      when('steps.lookup.body.text', 'greater_than', 11, 'text'),
      when('steps.lookup.body.flags', 'contains_any', ['b'], 'flags'),
      when('steps.lookup.body', 'exists', undefined, 'body'),
      when('steps.lookup.body.plan.gone', 'exists', undefined, 'gone'),
      when('steps.lookup.body.plan.constructor', 'exists', undefined, 'constructor'),
    ]);

    expect([made.state, made.endedReason]).toEqual([State.COMPLETED, '']);
    expect((await athlete(userId)).tags).toEqual([
      'start',
      'status',
      'name',
      'seats',
      'text',
      'flags',
      'body',
    ]);
  });

  test('keep no answer that is too large, no JSON, or not storable', async () => {
    const userId = await prepare();
    const bodies = [
      '"'.padEnd(16 * 1024, 'x').concat('"'),
      '<p>',
      '"\\u0000"',
      '['.repeat(40).concat(']'.repeat(40)),
      '"ok"',
    ];
    const { url } = await receiver((response, { path }) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(bodies[Number(path.slice(1))]);
    });

    await run(
      userId,
      bodies.map((_, index) => hook({ url: `${url}/${index}` }, `call_${index}`)),
    );

    const answers = await readRows<{ body: unknown }>(
      db.database,
      sql`select answer -> 'body' as body from action_executions where user_id = ${userId} order by step`,
    );
    expect(answers.map(({ body }) => body)).toEqual([null, null, null, null, 'ok']);
  });

  test('fail where a template makes what the place does not take', async () => {
    const userId = await prepare({ level: 3, phone: 'x\r\ny: z' });
    const { url, received } = await receiver();

    const header = await run(userId, [
      hook({ url, headers: [{ name: 'x', value: '{{ athlete.custom.phone }}' }] }),
    ]);
    expect([header.endedReason, received]).toEqual(['TEMPLATE_FAILED', []]);
    expect(header.steps[0]?.tries[0]?.detail).toMatch(/^call_webhook\.headers: /);

    const level = await run(await prepare(), [setLevel('{{ athlete.name }} x')]);
    expect(level.endedReason).toBe('VALIDATION_FAILED');
  });

  test('succeed with the statuses that the webhook names, and with no others', async () => {
    const userId = await prepare();
    const { url } = await receiver(withStatus(404));

    const accepted = await run(userId, [hook({ url, successStatuses: [200, 404] })]);
    const { url: created } = await receiver(withStatus(201));
    const refused = await run(await prepare(), [hook({ url: created, successStatuses: [202] })]);

    expect(accepted.state).toBe(State.COMPLETED);
    expect(refused.endedReason).toBe('WEBHOOK_REFUSED');
  });
});

describe('a call in docs/automation.md, of', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/automation.md'), 'utf8');

  /** The action of the page that calls this host, sent to the stand-in instead. */
  function documented(host: string, { url }: WebhookReceiver): Step {
    const blocks = [...page.matchAll(/^```json\n(.*?)^```$/gms)].map(([, code]) => `${code}`);
    const block = present(blocks.find((code) => code.includes(`"https://${host}/`)));
    return fromJson(ActionSchema, JSON.parse(block.replace(`https://${host}`, url)));
  }

  test('Slack posts a message, and the next step sees that it was accepted', async () => {
    const userId = await prepare();
    await client.workflows.setSecret({ name: 'slack_token', value: 'xoxb-1' });

    const made = await run(userId, [
      documented('slack.com', await receiver(slack('xoxb-1'))),
      addTag('{{ steps.slack.body.ok }} {{ steps.slack.body.message.text }} {{ steps.slack.body.token }}'),
    ]);

    expect(made.state).toBe(State.COMPLETED);
    expect((await athlete(userId)).tags).toContain('true Ana got the tag start [secret]');
  });

  test('Twilio sends a form with the account and its token', async () => {
    const userId = await prepare({ phone: '+4915112345678' });
    await client.workflows.setSecret({ name: 'twilio_token', value: 'tw-1' });

    const made = await run(userId, [
      documented('api.twilio.com', await receiver(twilio('AC1', 'tw-1'))),
      addTag('{{ steps.sms.body.sid }} {{ steps.sms.body.body }}'),
    ]);

    expect(made.state).toBe(State.COMPLETED);
    expect((await athlete(userId)).tags).toContain('SM1 Hi Ana, well done & see you soon');
  });

  test('SendGrid sends a mail', async () => {
    const userId = await prepare();
    await client.workflows.setSecret({ name: 'sendgrid_key', value: 'SG.1' });

    const made = await run(userId, [documented('api.sendgrid.com', await receiver(sendGrid('SG.1')))]);

    expect([made.state, made.endedReason]).toEqual([State.COMPLETED, '']);
  });
});

describe('when a workflow is saved', () => {
  const refusalOf = (actions: Step[]) =>
    client.workflows.createWorkflow({ name: 'w', trigger: onTag('start'), actions }).then(() => '', String);

  test.each<[string, Step, string]>([
    [
      'an unknown field',
      addTag('{{ event.amount }}'),
      'actions[0].add_tag.tag: {{ event.amount }} is not known',
    ],
    ['an unknown filter', addTag('{{ event.tag | shout }}'), 'actions[0].add_tag.tag: is no template'],
    ['a secret outside of webhooks', addTag('{{ secrets.x }}'), 'only call_webhook sends secrets'],
    [
      'a secret that is not there',
      hook({ url: 'https://a.example', headers: [{ name: 'x', value: '{{ secrets.x }}' }] }),
      'actions[0].call_webhook.headers[0].value: {{ secrets.x }} is not known',
    ],
    [
      'another type',
      setLevel('{{ event.tag }}'),
      'actions[0].set_attribute.value: must be of type int, and {{ event.tag }} is of type string',
    ],
    [
      'a host from data',
      hook({ url: 'https://{{ event.tag }}.example/' }),
      'actions[0].call_webhook.url: must begin with a literal',
    ],
    [
      'a path in JSON',
      hook({ url: 'https://a.example', body: { case: 'json', value: { a: [{ b: '{{ x.y }}' }] } } }),
      'actions[0].call_webhook.json.a[0].b: {{ x.y }} is not known',
    ],
    [
      'a header of the connection',
      hook({ url: 'https://a.example', headers: [{ name: 'Host', value: 'x' }] }),
      'actions[0].call_webhook.headers[0].name: must be',
    ],
    [
      'a body with GET',
      hook({ url: 'https://a.example', method: WebhookMethod.GET, body: { case: 'json', value: {} } }),
      'must be absent with WEBHOOK_METHOD_GET',
    ],
    [
      'a status that is none',
      hook({ url: 'https://a.example', successStatuses: [199] }),
      'success_statuses[0]: must be a status from 200 to 599; was 199',
    ],
  ])('%s is refused with its path', async (_, action, problem) => {
    await prepare();

    expect(await refusalOf([action])).toContain(problem);
  });

  test('a trigger whose event lacks what the texts name is refused', async () => {
    const { id: workflowId } = await createWorkflow(client, {
      actions: [addTag('{{ event.amount }}')],
      trigger: undefined,
    });

    await expect(client.triggers.configureTrigger({ workflowId, trigger: onTag('x') })).rejects.toThrow(
      '{{ event.amount }} is not known: tag_added has no such field',
    );
  });

  test('a tag that a template makes may start workflows on any tag', async () => {
    const { warnings } = await client.workflows.createWorkflow({
      name: 'w',
      trigger: onTag('start'),
      actions: [addTag('{{ athlete.name }}')],
    });

    expect(warnings.map(({ reason }) => reason)).toContain('POSSIBLE_TRIGGER_LOOP');
  });
});
