/** Personal data and credentials stay out of logs, metrics and traces, wherever a caller puts them. */
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { expect, test } from 'vitest';
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
} as const;

const HEADERS = {
  authorization: `Bearer ${CANARIES.token}`,
  cookie: `session=${CANARIES.cookie}`,
  'x-actor': CANARIES.actor,
  'user-agent': CANARIES.agent,
  baggage: `name=${CANARIES.baggage}`,
  tracestate: `name=${CANARIES.baggage}`,
};

const SERVICES = [ProgressionService, ProgramService, UserService, AuditService];
const METHODS = SERVICES.flatMap(({ methods }) => [...methods]);

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
async function liveADay({ call }: ObservedService, athlete: Athlete): Promise<string[]> {
  const { accountId, userId, progressionIds, liftIds } = athlete;
  const headers = { ...HEADERS, 'x-account-id': accountId };
  const answers: string[] = [];
  const say = async (method: string, message: Record<string, unknown>) => {
    for (const twice of [headers, { ...headers, 'idempotency-key': uuidv7() }]) {
      answers.push((await call(`progression.v1.${method}`, message, twice)).text);
    }
  };
  const { name, newName, birthDate, timeZone, reason, value, weight } = CANARIES;
  const other = uuidv7();
  const [liftId, progressionId] = [liftIds.squat, progressionIds[0]];
  const set = { liftId, setNumber: 1, kind: 'SET_KIND_WORK', targetReps: 5, repsPerformed: 5 };
  const session = { sessionId: uuidv7(), daySlug: 'a', weekNumber: 1, liftsPerformed: [liftId] };

  await say('UserService/CreateUser', { userId: other, name, birthDate, timeZone });
  await say('UserService/CreateUser', { userId: uuidv7(), name, birthDate: '1987-23-11', timeZone: name });
  await say('UserService/UpdateUser', { userId: other, name: newName, birthDate });
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
  await say('AuditService/ListAuditEntries', {});
  await say('UserService/ExportUserData', { userId: other });
  await say('UserService/EraseUser', { userId: other, reason });
  return answers;
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
  const service = await startObservedService();
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
  expect(service.logged.length).toBeGreaterThan(METHODS.length * 4);
  expect(service.logged.filter((line) => line.includes('"reason":"INTERNAL"')).length).toBeGreaterThan(5);
  expect(service.collector.spans().length).toBeGreaterThan(METHODS.length * 4);
  expect(scraped).toContain('reason="INTERNAL"');
  expect(scraped).toContain('reason="VALIDATION_FAILED"');
}, 60_000);
