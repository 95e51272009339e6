/** Personal data and credentials stay out of logs, metrics and traces, wherever a caller puts them. */
import { randomBytes } from 'node:crypto';
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { TriggerService } from '../../src/gen/automation/v1/trigger_service_pb.ts';
import { WorkflowService } from '../../src/gen/automation/v1/workflow_service_pb.ts';
import { AuditService } from '../../src/gen/progression/v1/audit_service_pb.ts';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { type Athlete, createAthlete } from '../support/fixtures.ts';
import { linear } from '../support/rule-fixtures.ts';
import { type ObservedService, startObservedService } from './observed-service.ts';

/** Each stands for personal data or for a credential. */
const CANARIES = {
  name: 'Kanaria Vogelsang',
  newName: 'Kanaria Himmelblau',
  birthDate: '1987-11-23',
  timeZone: 'Atlantic/Canary',
  reason: 'kanarie-reason-tendonitis',
  value: '3141.592653',
  weight: '2718.281828',
  actor: 'kanarie-actor',
  token: 'kanarie-token',
  cookie: 'kanarie-cookie',
  agent: 'kanarie-agent',
  baggage: 'kanarie-baggage',
  text: 'kanarie-text',
  secret: 'kanarie-secret',
} as const;

const HEADERS = {
  authorization: `Bearer ${CANARIES.token}`,
  cookie: `session=${CANARIES.cookie}`,
  'x-actor': CANARIES.actor,
  'user-agent': CANARIES.agent,
  baggage: `name=${CANARIES.baggage}`,
  tracestate: `name=${CANARIES.baggage}`,
};

const SERVICES = [
  ...[ProgressionService, ProgramService, UserService, AuditService],
  ...[WorkflowService, TriggerService, EventService],
];
// WatchEvents has no end.
const METHODS = SERVICES.flatMap(({ methods }) => [...methods]).filter(({ name }) => name !== 'WatchEvents');

/** A message with the canary in every field that takes a text, nested ones included. */
function canariesFor(message: DescMessage, depth = 0): Record<string, unknown> {
  const entries = message.fields.flatMap((field) => {
    const value = canaryOf(field, depth);
    return value === undefined ? [] : [[field.jsonName, value] as const];
  });
  return Object.fromEntries(entries);
}

function canaryOf(field: DescField, depth: number): unknown {
  if (field.fieldKind === 'scalar') {
    return field.scalar === ScalarType.STRING ? CANARIES.text : undefined;
  }
  if (field.fieldKind === 'message' && depth < 3 && !field.oneof && !isWellKnown(field.message)) {
    return canariesFor(field.message, depth + 1);
  }
  if (field.fieldKind === 'list' && field.listKind === 'message' && depth < 3) {
    return [canariesFor(field.message, depth + 1)];
  }
  return field.fieldKind === 'list' && field.listKind === 'scalar' ? [CANARIES.text] : undefined;
}

function isWellKnown({ typeName }: DescMessage): boolean {
  return typeName.startsWith('google.protobuf.');
}

/** Typical calls of an account, with personal data in every field; and every call again with an error. */
async function liveADay({ call, url }: ObservedService, athlete: Athlete): Promise<string[]> {
  const { accountId, userId, progressionIds, liftIds } = athlete;
  const headers = { ...HEADERS, 'x-account-id': accountId };
  const answers: string[] = [];
  const say = async (method: string, message: Record<string, unknown>, room = 'progression') => {
    for (const twice of [headers, { ...headers, 'idempotency-key': uuidv7() }]) {
      answers.push((await call(`${room}.v1.${method}`, message, twice)).text);
    }
    return JSON.parse(answers.at(-1) ?? '');
  };
  const { name, newName, birthDate, timeZone, reason, value, weight } = CANARIES;
  const other = uuidv7();
  const [liftId, progressionId] = [liftIds.squat, progressionIds[0]];
  const set = { liftId, setNumber: 1, kind: 'SET_KIND_WORK', targetReps: 5, repsPerformed: 5 };
  const session = { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1, liftsPerformed: [liftId] };

  await say('UserService/CreateUser', { userId: other, name, birthDate, timeZone });
  await say('UserService/CreateUser', { userId: uuidv7(), name, birthDate: '1987-23-11', timeZone: name });
  await say('UserService/UpdateUser', { userId: other, name: newName, birthDate });
  await say('UserService/UpdateUser', { userId: other, addTags: [reason], attributes: { note: reason } });
  await say('UserService/UpdateUser', {
    userId: other,
    addTags: [reason.repeat(9)],
    attributes: { [name]: [] },
  });
  await say('UserService/GetUser', { userId: other });
  await say('UserService/ListUsers', { pageToken: name });
  await say('ProgressionService/SetLiftMax', {
    userId,
    liftId,
    maxType: 'MAX_TYPE_TRAINING_MAX',
    value,
    reason,
  });
  await say('ProgressionService/SetLiftMax', { userId, liftId, maxType: 1, value: `-${value}`, reason });
  for (const each of [weight, '100', `${weight} ${name}`]) {
    const sets = [{ ...set, weight: each }];
    await say('ProgressionService/LogSets', { userId, sessionId: session.sessionId, sets });
  }
  await say('ProgressionService/HandleSessionComplete', { userId, session });
  await say('ProgressionService/TriggerProgression', { userId, progressionId, liftId, force: true, reason });
  await say('ProgressionService/BatchHandleTriggers', {
    triggers: [{ requestId: uuidv7(), manual: { userId: other, progressionId, reason } }],
  });
  await say('ProgressionService/ListProgressionLogs', { userId });
  await say('ProgressionService/RevertProgression', { userId, logId: uuidv7(), reason });
  await say('ProgramService/CreateLift', { slug: 'bench', name });
  await say('ProgramService/CreateProgram', { slug: 'theirs', name, description: reason, liftIds: [liftId] });
  await automate((method, message) => say(method, message, 'automation'), { userId, other, liftId });
  await importLog(url, userId, headers);
  await say('AuditService/ListAuditEntries', {});
  await say('UserService/ExportUserData', { userId: other });
  await say('UserService/EraseUser', { userId: other, reason });
  return answers;
}

/** A file of a training app with personal data in its exercises and notes, and one that no app has written. */
async function importLog(url: string, userId: string, headers: Record<string, string>): Promise<void> {
  const client = createClient(ProgressionService, createGrpcTransport({ baseUrl: url }));
  const { name, reason, weight } = CANARIES;
  const head =
    'Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE';
  const row = `2020-01-01 10:00:00,${name},1h,${reason},1,${weight},5,0,0,${name},${reason},`;
  for (const file of [`${head}\n${row}\n`, `${name},${reason}\n${weight}`]) {
    const content = Buffer.from(file);
    const exercises = [{ exercise: reason, liftSlug: reason }];
    try {
      for await (const _ of client.importTrainingLog({ userId, content, exercises }, { headers })) {
        // Until the report.
      }
    } catch {
      // The second file is refused.
    }
  }
}

/** Workflows, events and runs, with personal data and a secret in every field that takes them. */
async function automate(
  say: (
    method: string,
    message: Record<string, unknown>,
  ) => Promise<{ workflow?: { id: string }; file?: object }>,
  {
    userId,
    other,
    liftId,
  }: { readonly userId: string; readonly other: string; readonly liftId: string | undefined },
): Promise<void> {
  const { name, reason, secret, value } = CANARIES;
  await say('WorkflowService/SetSecret', { name: 'token', value: secret });
  await say('WorkflowService/ListSecrets', {});
  const header = { name: 'authorization', value: `{{ secrets.token }} ${reason}` };
  const filter = { conditions: [{ field: 'steps.call.body.plan', operator: 'equals', value: reason }] };
  const then = [{ addTag: { tag: `{{ event.data.note }} ${reason}` } }];
  const workflow = {
    name: reason,
    description: reason,
    trigger: {
      triggerEvent: 'payment_received',
      filter: { conditions: [{ field: 'data.note', operator: 'equals', value: name }] },
      settings: { policy: 'ENROLLMENT_POLICY_MULTIPLE' },
    },
    actions: [
      {
        name: 'call',
        onFailure: 'FAILURE_POLICY_CONTINUE',
        callWebhook: {
          url: `https://example.com/${reason}/{{ athlete.name }}`,
          headers: [header],
          json: { note: '{{ event.data.note }}', name },
          secret: `whsec_${Buffer.from(secret.padEnd(24, '-')).toString('base64')}`,
        },
      },
      { branch: { filter, then } },
      { addTag: { tag: reason } },
      { setLiftMax: { liftId, maxType: 'MAX_TYPE_TRAINING_MAX', value } },
      { waitForEvent: { eventType: 'session_planned', filter: { conditions: [] }, timeout: '60s' } },
    ],
  };
  const made = await say('WorkflowService/CreateWorkflow', workflow);
  // Refused once the tables are broken.
  const workflowId = made.workflow?.id ?? uuidv7();
  await say('WorkflowService/CreateWorkflow', { ...workflow, actions: [{ callWebhook: { url: name } }] });
  const { file } = await say('WorkflowService/ExportWorkflow', { workflowId });
  await say('WorkflowService/ImportWorkflow', {
    file: file ?? workflow,
    name: reason,
    mapping: { [name]: reason },
  });
  await say('WorkflowService/UpdateWorkflow', { workflowId, name: reason, description: name });
  await say('WorkflowService/CompareWorkflowVersions', { workflowId, fromVersion: 1, toVersion: 2 });
  const types = { name: 'custom.canary', description: reason, sample: { note: name } };
  await say('TriggerService/DefineEventType', { ...types, fields: [{ name: 'note', type: 'string' }] });
  await say('TriggerService/DefineEventType', { ...types, name });
  for (const athlete of [userId, other]) {
    const data = { note: name, amount: value, currency: 'EUR' };
    const plan = { session_id: uuidv7(), planned_at: '2020-01-01T00:00:00Z', note: name };
    const eventOf = (type: string, of: object) => ({ id: uuidv7(), type, userId: athlete, data: of });
    const events = [
      ...[eventOf('payment_received', data), eventOf('session_planned', plan)],
      eventOf('session_planned', { ...plan, planned_at: name }),
    ];
    await say('EventService/PublishEvents', { events });
    const simulated = { data };
    await say('WorkflowService/SimulateWorkflow', { workflowId, run: { userId: athlete, simulated } });
    await say('TriggerService/TestTrigger', { triggerId: workflowId, userId: athlete, simulated });
  }
  await say('WorkflowService/GetWorkflowStats', { workflowId });
  await say('WorkflowService/ListWorkflows', { nameContains: name });
  await say('EventService/ListEvents', {});
}

async function makeMistakes({ call, url }: ObservedService, accountId: string): Promise<void> {
  for (const { parent, name, input } of METHODS) {
    const method = `${parent.typeName}/${name}`;
    await call(method, canariesFor(input), { ...HEADERS, 'x-account-id': accountId });
    await call(method, { [CANARIES.text]: CANARIES.text }, HEADERS);
    await call(method, `{"${CANARIES.text}`, { ...HEADERS, 'idempotency-key': CANARIES.text });
    await call(`${method}?${CANARIES.text}`, {}, { ...HEADERS, 'x-account-id': CANARIES.text });
    await call(method, {}, { ...HEADERS, traceparent: `00-${CANARIES.text}`, 'x-request-id': CANARIES.text });
    await fetch(`${url}/${parent.typeName}/${CANARIES.text}`, { method: 'POST', headers: HEADERS });
  }
}

/** From here on PostgreSQL refuses rows with errors that contain their values. */
async function breakTables({ database }: ObservedService): Promise<void> {
  const owner = database.orm.em.fork().getKysely();
  await sql`create function refuse_row() returns trigger language plpgsql as $$
    begin raise exception 'cannot store %', new using detail = new::text, hint = new::text; end $$`.execute(
    owner,
  );
  for (const table of ['users', 'lift_maxes', 'logged_sets', 'lifts', 'progression_logs']) {
    await sql`create trigger refuse before insert or update on ${sql.table(table)}
      for each row execute function refuse_row()`.execute(owner);
  }
  await sql`drop table programs cascade`.execute(owner);
}

test('no personal data are logged, counted or traced', async () => {
  const service = await startObservedService({ SECRETS_KEY: randomBytes(32).toString('base64') });
  const athlete = await createAthlete(service.database, { lifts: { squat: '100' }, rules: [linear()] });

  const answers = await liveADay(service, athlete);
  await makeMistakes(service, athlete.accountId);
  await breakTables(service);
  await liveADay(service, athlete);
  const scraped = await service.scrape();
  await service.close();

  const written = [
    ...service.logged,
    scraped,
    ...service.collector.received.map((sent) => JSON.stringify(sent)),
  ];
  for (const [what, canary] of Object.entries(CANARIES)) {
    expect(
      written.filter((text) => text.includes(canary)),
      `${what} got out`,
    ).toEqual([]);
  }
  // The check would also pass without data, so: the canaries were in the service, and logs and traces were written.
  for (const told of ['name', 'newName', 'birthDate', 'reason', 'value', 'weight', 'actor'] as const) {
    expect(answers.join(), `${told} was never in the service`).toContain(CANARIES[told]);
  }
  expect(answers.join(), 'no run was simulated').toContain('"action":"call_webhook"');
  expect(service.logged.length).toBeGreaterThan(METHODS.length * 4);
  expect(service.logged.filter((line) => line.includes('"reason":"INTERNAL"')).length).toBeGreaterThan(5);
  expect(service.collector.spans().length).toBeGreaterThan(METHODS.length * 4);
  expect(scraped).toContain('reason="INTERNAL"');
  expect(scraped).toContain('reason="VALIDATION_FAILED"');
}, 60_000);
