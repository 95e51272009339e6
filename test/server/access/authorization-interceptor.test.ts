/**
 * Permissions that fields of a request need in addition to the method's: force, elements of a batch, other athletes.
 */
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  createClient,
  createRouterTransport,
  type ServiceImpl,
} from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test, vi } from 'vitest';
import {
  EventService,
  type WatchEventsRequest,
  type WatchEventsRequestSchema,
} from '../../../src/gen/automation/v1/event_service_pb.ts';
import { ServerReflection } from '../../../src/gen/grpc/reflection/v1/reflection_pb.ts';
import { Health } from '../../../src/gen/health/v1/health_pb.ts';
import { ProgressionService } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import {
  createAccessInterceptors,
  createAuthorizationInterceptor,
} from '../../../src/server/access/access-interceptors.ts';
import type { Principal } from '../../../src/server/access/principal.ts';
import { UNOBSERVED } from '../../../src/server/interceptors/call-observer.ts';
import { createLogInterceptor } from '../../../src/server/interceptors/log-interceptor.ts';
import { createValidationInterceptor } from '../../../src/server/interceptors/validation-interceptor.ts';
import { createLogger } from '../../../src/server/logger.ts';
import { failureOf } from '../test-server.ts';

const SELF = uuidv7();
const OTHER = uuidv7();
const RULE = uuidv7();

const log = createLogInterceptor({ logger: createLogger('silent'), calls: UNOBSERVED });

/** Answers everything with an empty message, to callers with these roles. */
function clientOf(...roles: string[]) {
  const principal: Principal = { accountId: uuidv7(), subject: SELF, roles };
  const empty = () => ({});
  const all = Object.fromEntries(ProgressionService.methods.map(({ localName }) => [localName, empty]));
  const transport = createRouterTransport(
    (router) => router.service(ProgressionService, all as Partial<ServiceImpl<typeof ProgressionService>>),
    { router: { interceptors: [log, ...createAccessInterceptors(() => principal)] } },
  );
  return createClient(ProgressionService, transport);
}

type Client = ReturnType<typeof clientOf>;

const trigger = (userId: string, force: boolean) => ({ userId, progressionId: RULE, force });
const sets = (userId: string) => ({ userId, sessionId: uuidv7() });
const batch = (...events: unknown[]) => ({
  triggers: events.map((event) => ({ requestId: uuidv7(), event })) as never,
});
const inBatch = {
  session: (userId: string) => ({ case: 'sessionComplete', value: { userId } }),
  sets: (userId: string) => ({ case: 'logSets', value: sets(userId) }),
  trigger: (userId: string, force: boolean) => ({
    case: 'triggerProgression',
    value: trigger(userId, force),
  }),
};

const ALLOWED: readonly [string, string[], (client: Client) => Promise<unknown>][] = [
  ['a coach triggers a rule', ['coach'], (c) => c.triggerProgression(trigger(OTHER, false))],
  ['an administrator forces one', ['admin'], (c) => c.triggerProgression(trigger(OTHER, true))],
  ['an athlete logs own sets', ['athlete'], (c) => c.logSets(sets(SELF))],
  ['an athlete writes the own id in capitals', ['athlete'], (c) => c.logSets(sets(SELF.toUpperCase()))],
  [
    'a service reports sessions and sets of many at once',
    ['service'],
    (c) => c.batchHandleTriggers(batch(inBatch.session(OTHER), inBatch.sets(SELF))),
  ],
  [
    'an administrator puts everything into a batch',
    ['admin'],
    (c) => c.batchHandleTriggers(batch(inBatch.sets(OTHER), inBatch.trigger(OTHER, true))),
  ],
];

const DENIED: readonly [string, string[], string, (client: Client) => Promise<unknown>][] = [
  [
    'a coach forces a rule',
    ['coach'],
    'PROGRESSION_FORCE, PROGRESSION_TRIGGER',
    (c) => c.triggerProgression({ ...trigger(SELF, true) }),
  ],
  [
    'a service triggers a rule in a batch',
    ['service'],
    'PROGRESSION_TRIGGER, ATHLETES_OTHERS, EVENTS_REPORT',
    (c) => c.batchHandleTriggers(batch(inBatch.session(SELF), inBatch.trigger(OTHER, false))),
  ],
  [
    'a service forces one, deep in a batch',
    ['service'],
    'PROGRESSION_TRIGGER, PROGRESSION_FORCE, EVENTS_REPORT',
    (c) => c.batchHandleTriggers(batch(inBatch.sets(SELF), inBatch.trigger(SELF, true))),
  ],
  ['an athlete logs sets of another', ['athlete'], 'ATHLETES_OTHERS', (c) => c.logSets(sets(OTHER))],
  ['an athlete leaves the id out', ['athlete'], 'ATHLETES_OTHERS', (c) => c.logSets(sets(''))],
  [
    'an athlete sends a batch of own sets',
    ['athlete'],
    'EVENTS_REPORT',
    (c) => c.batchHandleTriggers(batch(inBatch.sets(SELF))),
  ],
  [
    'an athlete who may read all athletes logs sets of another one',
    ['athlete', 'read-only'],
    'SETS_LOG',
    (c) => c.logSets(sets(OTHER)),
  ],
  ['a caller without roles reads', [], 'PROGRESSION_READ', (c) => c.getLiftMax({ userId: SELF })],
];

describe('is permitted:', () => {
  test.each(ALLOWED)('%s', async (_, roles, call) => {
    await expect(call(clientOf(...roles))).resolves.toBeDefined();
  });
});

describe('is denied:', () => {
  test.each(DENIED)('%s', async (_, roles, asked, call) => {
    const refusal = await failureOf(call(clientOf(...roles)));
    expect(refusal).toMatchObject({ code: Code.PermissionDenied, reason: 'PERMISSION_DENIED' });
    const permissions = refusal.metadata?.permissions?.split(', ') ?? [];
    expect(permissions).toEqual(expect.arrayContaining(asked.split(', ')));
  });
});

describe('a call that is answered by a stream', () => {
  const requests: WatchEventsRequest[] = [];
  function transportOf(...roles: string[]) {
    const principal: Principal = { accountId: uuidv7(), subject: SELF, roles };
    return createRouterTransport(
      (router) =>
        router.service(EventService, {
          async *watchEvents(request) {
            requests.push(request);
            yield { resumeToken: 'first' };
            yield { resumeToken: 'second' };
          },
        }),
      {
        router: {
          interceptors: [log, ...createAccessInterceptors(() => principal), createValidationInterceptor()],
        },
      },
    );
  }

  async function tokensOf(roles: string[], request: MessageInitShape<typeof WatchEventsRequestSchema> = {}) {
    const tokens: string[] = [];
    for await (const { resumeToken } of createClient(EventService, transportOf(...roles)).watchEvents(
      request,
    )) {
      tokens.push(resumeToken);
    }
    return tokens;
  }

  test.each(['admin', 'coach', 'service', 'read-only'])(
    'is permitted to %s, with its request',
    async (role) => {
      expect(await tokensOf([role], { resumeToken: role })).toEqual(['first', 'second']);
      expect(requests.at(-1)).toMatchObject({ resumeToken: role });
    },
  );

  test.each([[['athlete']], [[]]])('is denied to %s', async (roles) => {
    expect(await failureOf(tokensOf(roles))).toMatchObject({
      code: Code.PermissionDenied,
      metadata: { permissions: 'AUTOMATION_READ' },
    });
  });

  test('is refused when its message breaks the rules', async () => {
    expect(await failureOf(tokensOf(['admin'], { resumeToken: 'x'.repeat(2_000) }))).toMatchObject({
      code: Code.InvalidArgument,
      violations: [{ field: 'resume_token' }],
    });
  });

  test.each([0, 2])('is refused with %i requests in it', async (count) => {
    const method = EventService.method.watchEvents;
    async function* ask() {
      for (let n = 0; n < count; n += 1) {
        yield {};
      }
    }
    async function watch() {
      const { message } = await transportOf('admin').stream(method, undefined, undefined, undefined, ask());
      for await (const _ of message) {
        expect.fail('it was answered');
      }
    }
    const before = requests.length;
    expect(await failureOf(watch())).toMatchObject({
      code: Code.InvalidArgument,
      message: 'WatchEvents takes one request message',
    });
    expect(requests).toHaveLength(before);
  });
});

describe('by default', () => {
  const administrator: Principal = { accountId: uuidv7(), subject: 'a', roles: ['admin'] };
  function healthBehind(interceptors: Parameters<typeof createRouterTransport>[1]) {
    const transport = createRouterTransport(
      (router) => router.service(Health, { check: () => ({}), async *watch() {} }),
      interceptors,
    );
    return createClient(Health, transport);
  }

  test('a method that names no permission is denied, even to an administrator', async () => {
    const router = { interceptors: [log, ...createAccessInterceptors(() => administrator)] };
    expect(await failureOf(healthBehind({ router }).check({}))).toMatchObject({
      code: Code.PermissionDenied,
      message: 'Check names no permission, so no role may call it',
    });
  });

  test('so is one that is answered by a stream', async () => {
    const router = { interceptors: [log, ...createAccessInterceptors(() => administrator)] };
    async function watch() {
      for await (const _ of healthBehind({ router }).watch({})) {
        expect.fail('it was answered');
      }
    }
    expect(await failureOf(watch())).toMatchObject({
      code: Code.PermissionDenied,
      message: 'Watch names no permission, so no role may call it',
    });
  });

  test('so is one that takes a stream of requests, for every caller', async () => {
    const answered = vi.fn();
    const transport = createRouterTransport(
      (router) => router.service(ServerReflection, { serverReflectionInfo: answered }),
      { router: { interceptors: [log, ...createAccessInterceptors(() => administrator)] } },
    );
    async function* ask() {
      yield { host: 'any' };
    }
    async function reflect() {
      for await (const _ of createClient(ServerReflection, transport).serverReflectionInfo(ask())) {
        expect.fail('it was answered');
      }
    }
    expect(await failureOf(reflect())).toMatchObject({
      code: Code.PermissionDenied,
      message: 'ServerReflectionInfo takes a stream of requests, which no role may call',
    });
    expect(answered).not.toHaveBeenCalled();
  });

  test('a call that no authentication interceptor has seen is unauthenticated', async () => {
    const router = { interceptors: [log, createAuthorizationInterceptor()] };
    const refusal = await healthBehind({ router })
      .check({})
      .catch((error: unknown) => ConnectError.from(error).code);
    expect(refusal).toBe(Code.Unauthenticated);
  });
});
