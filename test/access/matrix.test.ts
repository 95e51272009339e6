/**
 * Every method of the API with every kind of caller: who is permitted, by a table that is independent of the code's.
 */
import { createHmac } from 'node:crypto';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  type DescService,
  type MessageShape,
} from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import type { JWTPayload } from 'jose';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startService } from '../../src/commands/start-service.ts';
import { readConfig } from '../../src/config/config.ts';
import { ErrorInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { createLogger } from '../../src/server/logger.ts';
import type { RunningServer } from '../../src/server/server.ts';
import { useTestDatabase } from '../support/test-database.ts';
import { assembleToken, claimsOf, createIssuer, type Issuer } from './credentials.ts';

const ACCOUNT_ID = uuidv7();
const OTHER_ACCOUNT_ID = uuidv7();
const ATHLETE_ID = uuidv7();
const OTHER_ATHLETE_ID = uuidv7();

/**
 * The callers that each method permits, and their athletes: an athlete is permitted for their own data (`self`) or for
 * data of no athlete (`catalogue`). An administrator is always permitted, and is not listed.
 */
const WHO_MAY: Readonly<Record<string, string>> = {
  'ProgressionService.HandleSessionComplete': 'service',
  'ProgressionService.HandleWeekAdvance': 'service',
  'ProgressionService.HandleCycleComplete': 'service',
  'ProgressionService.BatchHandleTriggers': 'service',
  'ProgressionService.ImportTrainingLog': 'service',
  'ProgressionService.LogSets': 'service coach self',
  'ProgressionService.TriggerProgression': 'coach',
  'ProgressionService.GetEventOutcome': 'service coach read-only self',
  'ProgressionService.ListLoggedSets': 'service coach read-only self',
  'ProgressionService.ListSessions': 'service coach read-only self',
  'ProgressionService.ListProgressionLogs': 'service coach read-only self',
  'ProgressionService.GetLiftMax': 'service coach read-only self',
  'ProgressionService.ListLiftMaxes': 'service coach read-only self',
  'ProgressionService.ListLiftMaxVersions': 'service coach read-only self',
  'ProgressionService.SetLiftMax': 'coach',
  'ProgressionService.RevertLiftMax': 'coach',
  'ProgressionService.SetLiftMaxes': 'coach',
  'ProgressionService.GetFailureCounter': 'service coach read-only self',
  'ProgressionService.ListFailureCounters': 'service coach read-only self',
  'ProgressionService.ResetFailureCounter': 'coach',
  'ProgressionService.GetProgressionState': 'service coach read-only self',
  'ProgressionService.ListProgressionStates': 'service coach read-only self',
  'ProgressionService.SetProgressionState': 'coach',
  'ProgressionService.RevertProgression': 'coach',
  'ProgressionService.RevertEvent': 'coach',
  'ProgressionService.CorrectSets': 'coach',
  'ProgressionService.ListSetCorrections': 'service coach read-only self',
  'ProgressionService.PrescribeSession': 'service coach read-only self',
  'ProgressionService.PrescribeWeeks': 'service coach read-only self',
  'ProgressionService.SimulateProgressions': 'service coach read-only self',

  'ProgramService.CreateLift': 'coach',
  'ProgramService.GetLift': 'service coach read-only catalogue',
  'ProgramService.ListLifts': 'service coach read-only catalogue',
  'ProgramService.UpdateLift': 'coach',
  'ProgramService.DeleteLift': 'coach',
  'ProgramService.CreateProgression': 'coach',
  'ProgramService.GetProgression': 'service coach read-only catalogue',
  'ProgramService.ListProgressions': 'service coach read-only catalogue',
  'ProgramService.UpdateProgression': 'coach',
  'ProgramService.DeleteProgression': 'coach',
  'ProgramService.CreateProgram': 'coach',
  'ProgramService.GetProgram': 'service coach read-only catalogue',
  'ProgramService.ListPrograms': 'service coach read-only catalogue',
  'ProgramService.UpdateProgram': 'coach',
  'ProgramService.DeleteProgram': 'coach',
  'ProgramService.CopyProgram': 'coach',
  'ProgramService.ListCatalogPrograms': 'service coach read-only catalogue',
  'ProgramService.CreateProgramProgression': 'coach',
  'ProgramService.GetProgramProgression': 'service coach read-only catalogue',
  'ProgramService.ListProgramProgressions': 'service coach read-only catalogue',
  'ProgramService.UpdateProgramProgression': 'coach',
  'ProgramService.DeleteProgramProgression': 'coach',
  'ProgramService.EnrollUser': 'coach',
  'ProgramService.UnenrollUser': 'coach',
  'ProgramService.GetEnrollment': 'service coach read-only self',
  'ProgramService.ListEnrollments': 'service coach read-only self',
  'ProgramService.SetEnrollmentOverride': 'coach',
  'ProgramService.ListEnrollmentOverrides': 'service coach read-only self',
  'ProgramService.DeleteEnrollmentOverride': 'coach',

  'UserService.GetAccount': 'service coach read-only catalogue',
  'UserService.GetUsage': 'service coach read-only catalogue',
  'UserService.UpdateAccount': '',
  'UserService.SetEquipment': 'coach',
  'UserService.GetEquipment': 'service coach read-only self',
  'UserService.DeleteEquipment': 'coach',
  'UserService.CreateUser': 'coach',
  'UserService.GetUser': 'service coach read-only self',
  'UserService.ListUsers': 'service coach read-only',
  'UserService.UpdateUser': 'coach',
  'UserService.DeleteUser': 'coach',
  'UserService.RestoreUser': 'coach',
  'UserService.ExportUserData': '',
  'UserService.EraseUser': '',

  'AuditService.ListAuditEntries': '',

  'WorkflowService.CreateWorkflow': 'coach',
  'WorkflowService.GetWorkflow': 'service coach read-only',
  'WorkflowService.ListWorkflows': 'service coach read-only',
  'WorkflowService.UpdateWorkflow': 'coach',
  'WorkflowService.ActivateWorkflow': 'coach',
  'WorkflowService.PauseWorkflow': 'coach',
  'WorkflowService.DeleteWorkflow': 'coach',
  'WorkflowService.RestoreWorkflow': 'coach',
  'WorkflowService.CloneWorkflow': 'coach',
  'WorkflowService.ExportWorkflow': 'service coach read-only',
  'WorkflowService.ImportWorkflow': 'coach',
  'WorkflowService.ListWorkflowVersions': 'service coach read-only',
  'WorkflowService.CompareWorkflowVersions': 'service coach read-only',
  'WorkflowService.RollbackWorkflow': 'coach',
  'WorkflowService.ListTemplates': 'service coach read-only',
  'WorkflowService.CreateWorkflowFromTemplate': 'coach',
  'WorkflowService.ListWorkflowEnrollments': 'service coach read-only',
  'WorkflowService.GetRun': 'service coach read-only',
  'WorkflowService.CancelRun': 'coach',
  'WorkflowService.CancelRuns': 'coach',
  'WorkflowService.PauseRun': 'coach',
  'WorkflowService.ResumeRun': 'coach',
  'WorkflowService.RetryRun': 'coach',
  'WorkflowService.RedriveRuns': 'coach',
  'WorkflowService.EnrollAthletes': 'coach',
  'WorkflowService.BackfillWorkflow': '',
  'WorkflowService.GetWorkflowStats': 'service coach read-only',
  'WorkflowService.SimulateWorkflow': 'coach',
  'WorkflowService.SetSecret': 'coach',
  'WorkflowService.ListSecrets': 'service coach read-only',
  'WorkflowService.DeleteSecret': 'coach',

  'TriggerService.ConfigureTrigger': 'coach',
  'TriggerService.GetTrigger': 'service coach read-only',
  'TriggerService.UpdateTrigger': 'coach',
  'TriggerService.DeleteTrigger': 'coach',
  'TriggerService.RestoreTrigger': 'coach',
  'TriggerService.RollbackTrigger': 'coach',
  'TriggerService.ListTriggers': 'service coach read-only',
  'TriggerService.ListTriggerVersions': 'service coach read-only',
  'TriggerService.TestTrigger': 'coach',
  'TriggerService.PreviewTrigger': 'service coach read-only',
  'TriggerService.ListTriggerExecutions': 'service coach read-only',
  'TriggerService.ExplainEvent': 'service coach read-only',
  'TriggerService.GetTriggerStats': 'service coach read-only',
  'TriggerService.ListNextOccurrences': 'service coach read-only',
  'TriggerService.ListHolds': 'service coach read-only',
  'TriggerService.ReleaseHold': 'coach',
  'TriggerService.ListEventTypes': 'service coach read-only',
  'TriggerService.DefineEventType': 'coach',
  'TriggerService.DefineField': 'coach',
  'TriggerService.ListFields': 'service coach read-only',
  'EventService.ReplayEvents': '',
  'EventService.PublishEvents': 'service',
  'EventService.ListEvents': 'service coach read-only',
  'EventService.WatchEvents': 'service coach read-only',
  'EventService.ListDeadLetters': 'service coach read-only',
  'EventService.RedriveDeadLetters': 'coach',
  'EventService.DiscardDeadLetters': 'coach',
};

type Answer = 'let in' | 'UNAUTHENTICATED' | 'PERMISSION_DENIED' | 'ACCOUNT_MISMATCH';

interface Caller {
  readonly name: string;
  /** The metadata authorization; undefined: none. */
  readonly authorization: () => Promise<string | undefined>;
  readonly headers?: Readonly<Record<string, string>>;
  /** The athlete that the request names. */
  readonly userId?: string;
  readonly expected: (allowed: ReadonlySet<string>) => Answer;
}

let issuer: Issuer;
let stranger: Issuer;
const db = useTestDatabase();
let server: RunningServer;
let transport: Transport;
beforeAll(async () => {
  [issuer, stranger] = await Promise.all([createIssuer(), createIssuer()]);
  const config = readConfig({ PORT: '0', AUTH_MODE: 'jwt', ...issuer.environment });
  server = await startService(config, db.database, createLogger('error'));
  transport = createGrpcTransport({ baseUrl: server.url });
});
afterAll(async () => {
  await server?.close();
  issuer?.close();
  stranger?.close();
});

const nowS = () => Math.floor(Date.now() / 1000);
const admin = () => claimsOf(ACCOUNT_ID, 'admin-1', ['admin']);
const letIn = (who: string) => (allowed: ReadonlySet<string>) =>
  allowed.has(who) ? 'let in' : 'PERMISSION_DENIED';
const always = (answer: Answer) => () => answer;

/** An administrator's token, which would permit every call, with one fault. */
function spoiled(name: string, change: () => JWTPayload): Caller {
  return {
    name,
    authorization: async () => `Bearer ${await issuer.mint({ ...admin(), ...change() })}`,
    expected: always('UNAUTHENTICATED'),
  };
}

function forged(name: string, token: () => string | Promise<string>): Caller {
  return {
    name,
    authorization: async () => `Bearer ${await token()}`,
    expected: always('UNAUTHENTICATED'),
  };
}

function holder(name: string, roles: readonly string[], more: Partial<Caller>): Caller {
  return {
    name,
    authorization: async () =>
      `Bearer ${await issuer.mint(claimsOf(ACCOUNT_ID, name.startsWith('athlete') ? ATHLETE_ID : name, roles))}`,
    expected: letIn(name),
    ...more,
  };
}

const CALLERS: readonly Caller[] = [
  { name: 'none', authorization: async () => undefined, expected: always('UNAUTHENTICATED') },
  {
    name: 'malformed',
    authorization: async () => 'Bearer not-a-token',
    expected: always('UNAUTHENTICATED'),
  },
  {
    name: 'another scheme',
    authorization: async () => `Basic ${await issuer.mint(admin())}`,
    expected: always('UNAUTHENTICATED'),
  },
  spoiled('expired', () => ({ exp: nowS() - 60 })),
  spoiled('not yet valid', () => ({ nbf: nowS() + 60 })),
  spoiled('without expiry', () => ({ exp: undefined })),
  spoiled('wrong issuer', () => ({ iss: 'https://issuer.example' })),
  spoiled('wrong audience', () => ({ aud: 'somebody-else' })),
  spoiled('without subject', () => ({ sub: undefined })),
  spoiled('without account', () => ({ account_id: undefined })),
  spoiled('without roles', () => ({ roles: undefined })),
  forged("another issuer's key", () => stranger.mint(admin())),
  forged('alg none', () => assembleToken({ alg: 'none' }, admin(), () => Buffer.alloc(0))),
  forged('HS256 with the public key', () =>
    assembleToken({ alg: 'HS256' }, admin(), (part) =>
      createHmac('sha256', issuer.publicPem).update(part).digest(),
    ),
  ),
  forged('changed after signing', async () => {
    const [header, , signature] = (await issuer.mint(claimsOf(ACCOUNT_ID, 'x', ['read-only']))).split('.');
    return `${header}.${Buffer.from(JSON.stringify(admin())).toString('base64url')}.${signature}`;
  }),
  holder('other account', ['admin'], {
    headers: { 'x-account-id': OTHER_ACCOUNT_ID },
    expected: always('ACCOUNT_MISMATCH'),
  }),
  holder('no role', [], { expected: always('PERMISSION_DENIED') }),
  holder('unknown role', ['root', 'constructor', '__proto__'], { expected: always('PERMISSION_DENIED') }),
  holder('read-only', ['read-only'], {}),
  holder('athlete', ['athlete'], {
    userId: ATHLETE_ID,
    expected: (allowed) => (allowed.has('self') || allowed.has('catalogue') ? 'let in' : 'PERMISSION_DENIED'),
  }),
  holder('athlete, about another one', ['athlete'], {
    expected: (allowed) => (allowed.has('catalogue') ? 'let in' : 'PERMISSION_DENIED'),
  }),
  holder('coach', ['coach'], {}),
  holder('service', ['service'], {}),
  holder('admin', ['admin'], { expected: always('let in') }),
];

/** Every generated service, except those of the infrastructure, which need no credentials. */
async function servicesOfApi(): Promise<DescService[]> {
  const root = join(import.meta.dirname, '..', '..', 'src', 'gen');
  const files = globSync('**/*_pb.ts', { cwd: root }).filter(
    (file) => !/^(grpc|health|google|buf)\//.test(file),
  );
  const modules = await Promise.all(files.map((file) => import(join(root, file))));
  const values: unknown[] = modules.flatMap((each) => Object.values(each));
  return values.filter((value): value is DescService => (value as DescService | null)?.kind === 'service');
}

const services = await servicesOfApi();
const methods = services.flatMap((service) =>
  service.methods.map((method) => ({ name: `${service.name}.${method.name}`, method })),
);

/**
 * A request that is empty except for the athlete: when it is permitted, it is invalid, finds nothing, or does little.
 */
function requestOf({ input, name }: DescMethod, userId: string) {
  const message = create(input) as Record<string, unknown> & ReturnType<typeof create>;
  if (input.fields.some((field) => field.localName === 'userId')) {
    message.userId = userId;
  }
  if (name === 'PublishEvents') {
    return create(input, { events: [{ userId }] } as never);
  }
  if (name === 'BatchHandleTriggers') {
    const event = { case: 'sessionComplete', value: { userId } };
    return create(input, { triggers: [{ requestId: uuidv7(), event }] } as never);
  }
  return message;
}

async function answerTo(method: DescMethod, caller: Caller): Promise<Answer | string> {
  const authorization = await caller.authorization();
  const headers = new Headers({ 'idempotency-key': uuidv7(), ...caller.headers });
  if (authorization !== undefined) {
    headers.set('authorization', authorization);
  }
  const request = requestOf(method, caller.userId ?? OTHER_ATHLETE_ID);
  try {
    await call(method, headers, request);
    return 'let in';
  } catch (error) {
    const { code, ...rest } = ConnectError.from(error);
    const reason = ConnectError.from(error).findDetails(ErrorInfoSchema)[0]?.reason ?? String(rest);
    const wasLetIn = [Code.InvalidArgument, Code.NotFound, Code.FailedPrecondition].includes(code);
    return wasLetIn ? 'let in' : reason;
  }
}

/** Waits for the answer, or for the first message of it. */
async function call(method: DescMethod, headers: Headers, request: MessageShape<DescMessage>): Promise<void> {
  if (method.methodKind === 'unary') {
    await transport.unary(method as DescMethodUnary, undefined, 10_000, headers, request);
    return;
  }
  async function* once() {
    yield request;
  }
  const { message } = await transport.stream(
    method as DescMethodStreaming,
    undefined,
    10_000,
    headers,
    once(),
  );
  for await (const _ of message) {
    return;
  }
}

test('every method has a row, and every row a method', () => {
  expect(Object.keys(WHO_MAY).sort()).toEqual(methods.map(({ name }) => name).sort());
});

test('every service is in the matrix', async () => {
  expect(services.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['ProgressionService', 'ProgramService', 'UserService', 'AuditService']),
  );
});

describe.each(methods)('$name', ({ name, method }) => {
  const allowed = new Set(WHO_MAY[name]?.split(' '));
  test.each(CALLERS.map((caller) => ({ caller, who: caller.name, answer: caller.expected(allowed) })))(
    '$who: $answer',
    async ({ caller, answer }) => {
      expect(await answerTo(method, caller)).toBe(answer);
    },
  );
});
