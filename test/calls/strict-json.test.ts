/** JSON that does not follow the contract is refused in every protocol, with the path of each fault. */
import { create, toBinary } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { describe, expect, test } from 'vitest';
import { DomainError } from '../../src/errors/domain-error.ts';
import { GetUserRequestSchema, UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { USER_ID } from '../server/test-server.ts';
import { startApiServer } from './api-server.ts';
import { getJson, STREAM_JSON, UNARY_JSON } from './json-calls.ts';

const ID = USER_ID;
const WORKFLOWS = 'automation.v1.WorkflowService';
const TRIGGERS = 'automation.v1.TriggerService';
const EVENTS = 'automation.v1.EventService';
const PROGRESSIONS = 'progression.v1.ProgressionService';
const PROGRAMS = 'progression.v1.ProgramService';
const USERS = 'progression.v1.UserService';
const TIME_EXAMPLE = 'such as "2026-11-30T18:00:00Z"';

const SESSION = { sessionId: ID, daySlug: 'day-a', weekNumber: 1, liftsPerformed: [] };

/** A trigger with this beside its event. */
const trigger = (more: object) => ({ workflowId: ID, trigger: { triggerEvent: 'tag_added', ...more } });
const session = (more: object) => ({ userId: ID, session: SESSION, ...more });
const at = (occurredAt: unknown) => session({ occurredAt });

/** A request, and its violations. */
const FAULTS: readonly [what: string, method: string, json: unknown, violations: Record<string, string>][] = [
  [
    'a field in another case',
    `${PROGRESSIONS}/HandleSessionComplete`,
    session({ validateonly: true }),
    { validateonly: 'is not a field of HandleSessionCompleteRequest; did you mean validateOnly?' },
  ],
  [
    'a misspelt field in snake_case',
    `${PROGRESSIONS}/HandleSessionComplete`,
    session({ validate_olny: true }),
    { validate_olny: 'is not a field of HandleSessionCompleteRequest; did you mean validate_only?' },
  ],
  [
    'an enum value without its prefix',
    `${PROGRAMS}/UnenrollUser`,
    { userId: ID, status: 'PAUSED' },
    {
      status:
        'must be ENROLLMENT_STATUS_PAUSED, ENROLLMENT_STATUS_QUIT or ENROLLMENT_STATUS_COMPLETED; was "PAUSED": ' +
        'did you mean ENROLLMENT_STATUS_PAUSED?',
    },
  ],
  [
    'COUNT_BY by its short name',
    `${PROGRAMS}/CreateProgression`,
    {
      name: 'Deload',
      parameters: {
        deloadOnFailure: {
          ...{ maxType: 'MAX_TYPE_TRAINING_MAX', failureThreshold: 3, deloadType: 'DELOAD_TYPE_PERCENT' },
          ...{ deloadPercent: '0.1', countBy: 'SESSION' },
        },
      },
    },
    {
      'parameters.deload_on_failure.count_by':
        'must be COUNT_BY_SET or COUNT_BY_SESSION; was "SESSION": did you mean COUNT_BY_SESSION?',
    },
  ],
  [
    'a logic by its short name',
    `${TRIGGERS}/ConfigureTrigger`,
    trigger({ filter: { logic: 'OR' } }),
    {
      'trigger.filter.logic':
        'must be FILTER_LOGIC_AND or FILTER_LOGIC_OR; was "OR": did you mean FILTER_LOGIC_OR?',
    },
  ],
  [
    'a policy by its short name',
    `${TRIGGERS}/ConfigureTrigger`,
    trigger({ settings: { policy: 'MULTIPLE' } }),
    {
      'trigger.settings.policy':
        'must be ENROLLMENT_POLICY_ONCE_EVER, ENROLLMENT_POLICY_ONE_ACTIVE or ENROLLMENT_POLICY_MULTIPLE; ' +
        'was "MULTIPLE": did you mean ENROLLMENT_POLICY_MULTIPLE?',
    },
  ],
  [
    'misspelt conditions',
    `${TRIGGERS}/ConfigureTrigger`,
    trigger({ filter: { condtions: [{ field: 'tag', operator: 'is_present' }] } }),
    { 'trigger.filter.condtions': 'is not a field of FilterGroup; did you mean conditions?' },
  ],
  [
    'a misspelt filter of a list',
    `${EVENTS}/ListEvents`,
    { userID: ID, typ: 'tag_added', since: '2026-01-01' },
    {
      userID: 'is not a field of ListEventsRequest; did you mean userId?',
      typ: 'is not a field of ListEventsRequest; did you mean type?',
      since:
        'is not a field of ListEventsRequest, which has userId, type, startTime, endTime, pageSize, pageToken',
    },
  ],
  [
    'a fault in the third of a batch',
    `${PROGRESSIONS}/BatchHandleTriggers`,
    {
      triggers: [
        { requestId: ID },
        {},
        { requestId: ID, logSets: { userId: ID, sets: [{ kind: 'WORK', lift: ID }] } },
      ],
    },
    {
      'triggers[2].log_sets.sets[0].kind':
        'must be SET_KIND_WARM_UP, SET_KIND_WORK, SET_KIND_AMRAP or SET_KIND_SUPPLEMENTAL; was "WORK": did you mean SET_KIND_WORK?',
      'triggers[2].log_sets.sets[0].lift': 'is not a field of PerformedSet; did you mean liftId?',
    },
  ],
  [
    'days for a duration',
    `${TRIGGERS}/ConfigureTrigger`,
    trigger({ settings: { cooldown: '30d', limit: { count: 1, window: 3600 } } }),
    {
      'trigger.settings.cooldown': 'must be in seconds, here "2592000s"; was "30d"',
      'trigger.settings.limit.window': 'must be seconds in quotes, such as "3600s"; was 3600',
    },
  ],
  [
    'text where a message is wanted',
    `${WORKFLOWS}/CreateWorkflow`,
    { name: 'Tags', actions: [{ addTag: 'x' }] },
    { 'actions[0].add_tag': 'must be an object, such as {"tag": …}; was "x"' },
  ],
  [
    'a day that February does not have',
    `${PROGRESSIONS}/HandleSessionComplete`,
    at('2026-02-30T10:00:00Z'),
    {
      occurred_at: `must be a time that exists: 2026-02 has 28 days, ${TIME_EXAMPLE}; was "2026-02-30T10:00:00Z"`,
    },
  ],
  [
    '31 June',
    `${PROGRESSIONS}/HandleSessionComplete`,
    at('2026-06-31T10:00:00Z'),
    {
      occurred_at: `must be a time that exists: 2026-06 has 30 days, ${TIME_EXAMPLE}; was "2026-06-31T10:00:00Z"`,
    },
  ],
  [
    '24:00',
    `${PROGRESSIONS}/HandleSessionComplete`,
    at('2026-06-30T24:00:00Z'),
    {
      occurred_at: `must be a time that exists: times of day are 00:00:00 to 23:59:59, ${TIME_EXAMPLE}; was "2026-06-30T24:00:00Z"`,
    },
  ],
  [
    'a date where a time is wanted',
    `${PROGRESSIONS}/HandleSessionComplete`,
    at('2026-06-30'),
    { occurred_at: `must be a time with date, time of day and zone, ${TIME_EXAMPLE}; was "2026-06-30"` },
  ],
  [
    'numbers out of range, broken, and in words',
    `${PROGRESSIONS}/HandleWeekAdvance`,
    { userId: ID, week: { previousWeek: 2_147_483_648, newWeek: 1.5, cycleIteration: 'one' } },
    {
      'week.previous_week':
        'must be a whole number from -2147483648 to 2147483647, such as 5; was 2147483648',
      'week.new_week': 'must be a whole number from -2147483648 to 2147483647, such as 5; was 1.5',
      'week.cycle_iteration': 'must be a whole number from -2147483648 to 2147483647, such as 5; was "one"',
    },
  ],
  [
    'a number and a truth value where text is wanted',
    `${PROGRESSIONS}/SetLiftMax`,
    { userId: ID, liftId: ID, maxType: 'MAX_TYPE_ONE_RM', value: 142.5, reason: true },
    {
      value: 'must be a string in double quotes, here "142.5"; was 142.5',
      reason: 'must be a string in double quotes, here "true"; was true',
    },
  ],
  [
    'a secret that is no text, which is not repeated',
    `${WORKFLOWS}/CreateWorkflow`,
    { name: 'Hook', actions: [{ callWebhook: { url: 'https://example.com', secret: 12345678 } }] },
    { 'actions[0].call_webhook.secret': 'must be a string in double quotes' },
  ],
  [
    'text where a truth value is wanted',
    `${PROGRESSIONS}/HandleSessionComplete`,
    session({ validateOnly: 'true' }),
    { validate_only: 'must be true or false, without quotes; was "true"' },
  ],
  [
    'one thing where a list is wanted, and null in a list',
    `${PROGRESSIONS}/HandleSessionComplete`,
    { userId: ID, session: { ...SESSION, liftsPerformed: ID } },
    { 'session.lifts_performed': `must be a list in square brackets; was "${ID}"` },
  ],
  [
    'null in a list',
    `${PROGRESSIONS}/HandleSessionComplete`,
    { userId: ID, session: { ...SESSION, liftsPerformed: [ID, null] } },
    { 'session.lifts_performed[1]': 'must be a string in double quotes, such as "text"; was null' },
  ],
  [
    'two members of one oneof',
    `${PROGRESSIONS}/SimulateProgressions`,
    { userId: ID, weeks: 3, cycles: 2 },
    { cycles: 'must be left out beside weeks: only one of them may be given' },
  ],
  [
    'a wrong value in a map',
    `${TRIGGERS}/ConfigureTrigger`,
    trigger({ settings: { configuration: { tag: 5 } } }),
    { 'trigger.settings.configuration["tag"]': 'must be a string in double quotes, here "5"; was 5' },
  ],
  [
    'a list where any object is wanted',
    `${USERS}/CreateUser`,
    { name: 'Alex', attributes: [] },
    { attributes: 'must be an object, such as {"name": "value"}; was a list' },
  ],
  [
    'half of a surrogate pair',
    `${USERS}/CreateUser`,
    '{"name":"\\ud800"}',
    { name: 'must be Unicode: it has half of a surrogate pair' },
  ],
  [
    'an enum number that means nothing',
    `${PROGRESSIONS}/ListProgressionLogs`,
    { userId: ID, triggerType: 99 },
    {
      trigger_type:
        'must be TRIGGER_TYPE_AFTER_SESSION, TRIGGER_TYPE_AFTER_WEEK, TRIGGER_TYPE_AFTER_CYCLE, ' +
        'TRIGGER_TYPE_AFTER_SET, TRIGGER_TYPE_ON_FAILURE or TRIGGER_TYPE_MANUAL; was 99',
    },
  ],
  ['a key twice', `${USERS}/CreateUser`, '{"name":"Alex","name":"Kim"}', { name: 'must be given once' }],
  [
    'a key in both of its spellings',
    `${PROGRESSIONS}/HandleSessionComplete`,
    `{"userId":"${ID}","user_id":"${ID}","session":${JSON.stringify(SESSION)}}`,
    { user_id: 'must be given once; userId and user_id are the same field' },
  ],
  [
    'a key twice in what is free otherwise',
    `${USERS}/CreateUser`,
    '{"name":"Alex","attributes":{"level":{"a":1,"\\u0061":2},"level":3}}',
    { 'attributes.level.a': 'must be given once', 'attributes.level': 'must be given once' },
  ],
  [
    'a key of a map twice',
    `${WORKFLOWS}/CreateWorkflowFromTemplate`,
    '{"template":"welcome","parameters":{"tag":"a","tag":"b"}}',
    { 'parameters["tag"]': 'must be given once' },
  ],
  [
    'a rule of the contract that is broken beside',
    `${EVENTS}/ListEvents`,
    { pageSize: 501, typ: 'tag_added', userId: 'squat' },
    {
      typ: 'is not a field of ListEventsRequest; did you mean type?',
      user_id: 'must be a UUID, such as 0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e12; was "squat"',
      page_size: 'must be a whole number from 0 to 500; was 501',
    },
  ],
  [
    'a number that JSON cannot hold',
    `${USERS}/CreateUser`,
    '{"name":"Alex","attributes":{"level":1e999}}',
    { 'attributes.level': 'must be a number up to 1.8e308; was 1e999' },
  ],
];

/** Texts that are not JSON, or not a JSON object. */
const UNREADABLE: readonly [what: string, json: string | Uint8Array, description: string][] = [
  ['nothing', '', 'the message is empty; a request without fields is {}'],
  [
    'a trailing comma',
    '{"pageToken":"x",}',
    'the message is no JSON: expected a name in double quotes, at line 1, column 18',
  ],
  [
    'single quotes',
    "{'pageToken':1}",
    'the message is no JSON: expected a name in double quotes, at line 1, column 2',
  ],
  [
    'a comment',
    '{}\n// nothing',
    'the message is no JSON: expected the end of the text, at line 2, column 1',
  ],
  [
    'a cut text',
    '{"pageToken":"x',
    'the message is no JSON: the text ends in a string, at line 1, column 16',
  ],
  ['NaN', '{"pageSize":NaN}', 'the message is no JSON: expected a value, at line 1, column 13'],
  [
    'a leading zero',
    '{"pageSize":01}',
    'the message is no JSON: expected a comma or }, at line 1, column 14',
  ],
  [
    'a wrong escape',
    '{"pageToken":"\\x"}',
    'the message is no JSON: a string has an escape that JSON does not know, at line 1, column 15',
  ],
  ['bytes that are no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'the message is no UTF-8'],
  ['a list', '[]', 'must be an object, such as {"pageSize": …}; was a list'],
  ['null', 'null', 'must be an object, such as {"pageSize": …}; was null'],
  ['101 levels', `{"pageSize":${'['.repeat(101)}`, 'the message nests deeper than 100 levels'],
];

describe.each(Object.entries(UNARY_JSON))('%s', (_, call) => {
  test.each(FAULTS)('refuses %s', async (_, method, json, violations) => {
    const { url } = await startApiServer();

    const answer = await call(url, method, typeof json === 'string' ? json : JSON.stringify(json));

    expect(answer).toMatchObject({ code: 'invalid_argument', reason: 'VALIDATION_FAILED' });
    const found = answer.violations.map(({ field, description }) => [field, description]);
    expect(Object.fromEntries(found)).toEqual(violations);
    expect(found).toHaveLength(Object.keys(violations).length);
  });

  test.each(UNREADABLE)('refuses %s', async (_, json, description) => {
    const { url } = await startApiServer();

    expect(await call(url, `${USERS}/ListUsers`, json)).toMatchObject({
      code: 'invalid_argument',
      reason: 'VALIDATION_FAILED',
      message: description,
      violations: [{ field: '', description }],
    });
  });

  test('refuses unknown names of health checks too', async () => {
    const { url } = await startApiServer();

    expect(await call(url, 'grpc.health.v1.Health/Check', '{"servce":""}')).toMatchObject({
      code: 'invalid_argument',
      reason: 'VALIDATION_FAILED',
      violations: [
        { field: 'servce', description: 'is not a field of HealthCheckRequest; did you mean service?' },
      ],
    });
  });

  test('accepts everything that proto3 JSON allows', async () => {
    const { url } = await startApiServer();
    const json = `  {"user_id":"${ID}","week":{"previousWeek":"1","newWeek":2.0,"cycleIteration":1e0},
      "occurredAt":null,"validateOnly":false} `;

    expect((await call(url, `${PROGRESSIONS}/HandleWeekAdvance`, json)).code).toBe('unimplemented');
    const oneof = `{"userId":"${ID}","weeks":null,"cycles":2,"performance":null}`;
    expect((await call(url, `${PROGRESSIONS}/SimulateProgressions`, oneof)).code).toBe('unimplemented');
    const rule = `{"programId":null,"catalogSlug":"starting-strength"}`;
    expect((await call(url, `${PROGRAMS}/CopyProgram`, rule)).code).toBe('unimplemented');
    const target = `{"triggerId":"${ID}","trigger":null}`;
    expect((await call(url, `${TRIGGERS}/PreviewTrigger`, target)).code).toBe('unimplemented');
  });

  test('is refused for its credentials before its JSON is described', async () => {
    const { url } = await startApiServer({
      authenticate: async () => {
        throw new DomainError('UNAUTHENTICATED', 'no token');
      },
    });

    expect(await call(url, `${USERS}/GetUser`, '{"userid":')).toMatchObject({
      code: 'unauthenticated',
      violations: [],
    });
  });
});

describe.each(Object.entries(STREAM_JSON))('%s', (_, call) => {
  test('refuses bad JSON of a call that is answered by a stream', async () => {
    const { url } = await startApiServer();

    expect(
      await call(url, `${EVENTS}/WatchEvents`, '{"type":["tag_added"],"fromBegining":true}'),
    ).toMatchObject({
      code: 'invalid_argument',
      reason: 'VALIDATION_FAILED',
      violations: [
        { field: 'type', description: 'is not a field of WatchEventsRequest; did you mean types?' },
        {
          field: 'fromBegining',
          description: 'is not a field of WatchEventsRequest; did you mean fromBeginning?',
        },
      ],
    });
  });

  test('accepts a call that is answered by a stream', async () => {
    const { url } = await startApiServer();

    expect((await call(url, `${EVENTS}/WatchEvents`, '{"types":["tag_added"]}')).code).toBe('unimplemented');
  });
});

describe('Connect GET', () => {
  test('refuses unknown names, and accepts known ones', async () => {
    const { url } = await startApiServer();

    expect(await getJson(url, `${USERS}/ListUsers`, '{"pagesize":1}')).toMatchObject({
      code: 'invalid_argument',
      violations: [
        { field: 'pagesize', description: 'is not a field of ListUsersRequest; did you mean pageSize?' },
      ],
    });
    expect((await getJson(url, `${USERS}/ListUsers`, '{"pageSize":1}')).code).toBe('unimplemented');
  });
});

test('a binary message with unknown fields is accepted', async () => {
  const { url } = await startApiServer();
  const known = toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { userId: ID }));
  // Field 100, a number.
  const message = Buffer.concat([known, Buffer.from('a00605', 'hex')]);

  const response = await fetch(`${url}/${USERS}/GetUser`, {
    method: 'POST',
    headers: { 'content-type': 'application/proto' },
    body: new Uint8Array(message),
  });

  expect(await response.json()).toMatchObject({ code: 'unimplemented' });
});

test('JSON that a client writes from the contract is accepted', async () => {
  const { url } = await startApiServer({
    routes: (router) => router.service(UserService, { getUser: ({ userId }) => ({ user: { id: userId } }) }),
  });
  const transport = createConnectTransport({ baseUrl: url, httpVersion: '1.1', useBinaryFormat: false });

  expect((await createClient(UserService, transport).getUser({ userId: ID })).user?.id).toBe(ID);
});
