/** Calls that are answered by a stream: one line each in the log, when they end, whichever way. */
import { setTimeout as delay } from 'node:timers/promises';
import { Code, ConnectError, createClient, type ServiceImpl } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { callContextOf } from '../../../src/calls/call-context.ts';
import { DomainError } from '../../../src/errors/domain-error.ts';
import { EventService } from '../../../src/gen/automation/v1/event_service_pb.ts';
import { type CallEnd, UNOBSERVED } from '../../../src/server/interceptors/call-observer.ts';
import {
  failureOf,
  startTestServer,
  type TestServer,
  type TestServerOptions,
  TRANSPORTS,
} from '../test-server.ts';

type Watch = ServiceImpl<typeof EventService>['watchEvents'];

async function startWatched(watchEvents: Watch, options: TestServerOptions = {}) {
  const server = await startTestServer({
    routes: (router) => router.service(EventService, { watchEvents }),
    ...options,
  });
  const clientOver = (name: string) =>
    createClient(EventService, (TRANSPORTS[name] as (url: string) => never)(server.url));
  return { server, clientOver };
}

async function readAll(client: ReturnType<Awaited<ReturnType<typeof startWatched>>['clientOver']>) {
  const tokens: string[] = [];
  for await (const { resumeToken } of client.watchEvents({})) {
    tokens.push(resumeToken);
  }
  return tokens;
}

const METHOD = 'automation.v1.EventService/WatchEvents';
const GRPC = 'gRPC over HTTP/2';

describe.each(Object.keys(TRANSPORTS))('over %s', (name) => {
  test('every message arrives, and the call is logged when the last one has', async () => {
    const release = Promise.withResolvers<void>();
    const { server, clientOver } = await startWatched(async function* () {
      yield { resumeToken: 'a' };
      await release.promise;
      yield { resumeToken: 'b' };
    });
    const reading = readAll(clientOver(name));
    await delay(50);
    expect(server.logged.filter(({ method }) => method === METHOD)).toEqual([]);
    release.resolve();
    expect(await reading).toEqual(['a', 'b']);
    await expect
      .poll(() => server.logged)
      .toContainEqual(expect.objectContaining({ method: METHOD, code: 'OK' }));
  });

  test('a refusal between two messages has its reason', async () => {
    const { server, clientOver } = await startWatched(async function* () {
      yield { resumeToken: 'a' };
      throw new DomainError('SHUTTING_DOWN', 'the server ends');
    });
    expect(await failureOf(readAll(clientOver(name)))).toMatchObject({
      code: Code.Unavailable,
      reason: 'SHUTTING_DOWN',
      message: 'the server ends',
    });
    const line = { method: METHOD, code: 'Unavailable', reason: 'SHUTTING_DOWN', msg: 'call refused' };
    await expect.poll(() => server.logged).toContainEqual(expect.objectContaining(line));
  });

  test('a refusal before the first message has its reason', async () => {
    const { clientOver } = await startWatched(async function* () {
      yield* [];
      throw new DomainError('OVERLOADED', 'too many');
    });
    expect(await failureOf(readAll(clientOver(name)))).toMatchObject({ reason: 'OVERLOADED' });
  });
});

test('a defect between two messages is described in the log only', async () => {
  const { server, clientOver } = await startWatched(async function* () {
    yield { resumeToken: 'a' };
    throw new Error('secret');
  });
  expect(await failureOf(readAll(clientOver(GRPC)))).toMatchObject({
    code: Code.Internal,
    reason: 'INTERNAL',
    message: 'internal error',
  });
  const line = expect.objectContaining({ method: METHOD, msg: 'call failed' });
  await expect.poll(() => server.logged).toContainEqual(line);
  expect(JSON.stringify(server.logged.find(({ msg }) => msg === 'call failed'))).toContain('secret');
});

test('a reader that disconnects ends the work, and the log says so', async () => {
  const ended = Promise.withResolvers<unknown>();
  const { server, clientOver } = await startWatched(async function* (_, context) {
    const { signal } = callContextOf(context);
    signal.addEventListener('abort', () => ended.resolve(signal.reason));
    yield { resumeToken: 'a' };
    await ended.promise;
    signal.throwIfAborted();
  });
  const leaving = new AbortController();
  const reading = (async () => {
    for await (const _ of clientOver(GRPC).watchEvents({}, { signal: leaving.signal })) {
      leaving.abort();
    }
  })();
  await expect(reading.catch((error) => ConnectError.from(error).code)).resolves.toBe(Code.Canceled);
  expect(await ended.promise).toMatchObject({ reason: 'CANCELLED' });
  const line = expect.objectContaining({ method: METHOD, code: 'Canceled', reason: 'CANCELLED' });
  await expect.poll(() => server.logged).toContainEqual(line);
});

/** Personal data and credentials, in every place where a stream or its reader can put them. */
const CANARY = 'canary-7f3a';
const REQUEST_ID = '0198c2a4-7000-7abc-8def-0123456789ab';
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

interface OpenStream {
  readonly server: TestServer;
  /** The stream's handler goes no further by itself. */
  finish(): void;
  fail(error: Error): void;
  leave(): void;
}

interface Ending {
  readonly how: string;
  readonly end: (stream: OpenStream) => unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly outcome: { readonly code: Code | undefined; readonly reason?: string };
  readonly line: { readonly msg: string; readonly level: number };
}

const DRAINED = 'is ended by the drain';
const ENDED = { msg: 'call', level: 30 };
const REFUSED = { msg: 'call refused', level: 30 };

const ENDINGS: readonly Ending[] = [
  { how: 'comes to its end', end: ({ finish }) => finish(), outcome: { code: undefined }, line: ENDED },
  {
    how: 'is left by its reader',
    end: ({ leave }) => leave(),
    outcome: { code: Code.Canceled, reason: 'CANCELLED' },
    line: REFUSED,
  },
  {
    how: "meets its reader's deadline",
    end: () => {},
    // By hand: a client that knows would leave at the same moment.
    headers: { 'grpc-timeout': '500m' },
    outcome: { code: Code.DeadlineExceeded, reason: 'DEADLINE_EXCEEDED' },
    line: REFUSED,
  },
  {
    how: DRAINED,
    end: ({ server }) => server.close(),
    outcome: { code: Code.Unavailable, reason: 'SHUTTING_DOWN' },
    line: REFUSED,
  },
  {
    how: 'is refused further on',
    end: ({ fail }) => fail(new DomainError('VALIDATION_FAILED', CANARY, { metadata: { name: CANARY } })),
    outcome: { code: Code.InvalidArgument, reason: 'VALIDATION_FAILED' },
    line: REFUSED,
  },
  {
    how: 'meets a defect',
    end: ({ fail }) => fail(new TypeError('row is undefined')),
    outcome: { code: Code.Internal, reason: 'INTERNAL' },
    line: { msg: 'call failed', level: 50 },
  },
];

/** A stream whose first message its reader has got, on a server with room for one call. */
async function startStream({ headers: more }: Ending) {
  const ends: CallEnd[] = [];
  const told = Promise.withResolvers<void>();
  const leaving = new AbortController();
  const { server, clientOver } = await startWatched(
    async function* (_, context) {
      const { signal } = callContextOf(context);
      signal.addEventListener('abort', () => told.reject(signal.reason));
      yield { resumeToken: CANARY };
      await told.promise;
    },
    {
      limits: { concurrentCalls: 1, overloadedCalls: 1 },
      calls: {
        start: (call) => ({ ...UNOBSERVED.start(call), end: (each) => void ends.push(each) }),
      },
    },
  );
  const client = clientOver(GRPC);
  const begun = Promise.withResolvers<void>();
  const read = async () => {
    const headers = {
      'x-request-id': REQUEST_ID,
      'x-actor': CANARY,
      authorization: `Bearer ${CANARY}`,
      traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01`,
      ...more,
    };
    const options = { headers, signal: leaving.signal };
    for await (const _ of client.watchEvents({ resumeToken: CANARY }, options)) {
      begun.resolve();
    }
  };
  const ended = read().catch(() => {});
  await begun.promise;
  const stream: OpenStream = {
    server,
    finish: told.resolve,
    fail: told.reject,
    leave: () => leaving.abort(),
  };
  return { stream, client, ends, ended };
}

test.each(ENDINGS)(
  'a stream that $how has one log line and one report, with its duration and without its content',
  async (ending) => {
    const { stream, ends, ended } = await startStream(ending);
    const { logged } = stream.server;
    await delay(50);
    expect([logged, ends]).toEqual([[], []]);
    await Promise.all([ending.end(stream), ended]);
    await expect.poll(() => ends).toHaveLength(1);
    await stream.server.close();

    const { code, reason } = ending.outcome;
    expect(ends).toEqual([{ code, reason, durationMs: expect.any(Number) }]);
    const durationMs = ends[0]?.durationMs ?? 0;
    expect(durationMs).toBeGreaterThan(45);
    expect(logged).toHaveLength(1);
    const { cause: _, ...line } = logged[0] ?? {};
    expect(line).toEqual({
      ...ending.line,
      time: expect.any(String),
      method: METHOD,
      protocol: 'grpc',
      callId: REQUEST_ID,
      requestId: REQUEST_ID,
      traceId: TRACE_ID,
      durationMs: Math.round(durationMs * 10) / 10,
      code: code === undefined ? 'OK' : Code[code],
      ...(reason ? { reason } : {}),
    });
    expect(JSON.stringify(logged)).not.toContain(CANARY);
  },
);

test.each(ENDINGS.filter(({ how }) => how !== DRAINED))(
  'a stream that $how held a slot for a call until then',
  async (ending) => {
    const { stream, client, ended } = await startStream(ending);
    const another = () => failureOf(readAll(client));
    expect(await another()).toMatchObject({ reason: 'OVERLOADED', metadata: { limit: 'concurrentCalls' } });
    await Promise.all([ending.end(stream), ended]);
    await expect
      .poll(async () => {
        const leaving = AbortSignal.timeout(1_000);
        for await (const { resumeToken } of client.watchEvents({}, { signal: leaving })) {
          return resumeToken;
        }
        return undefined;
      })
      .toBe(CANARY);
  },
);

test.each(['gRPC over HTTP/2', 'Connect over HTTP/1.1'])(
  'a reader that disconnects over %s without reading is not reported as a defect',
  async (name) => {
    const { server, clientOver } = await startWatched(async function* (_, context) {
      const { signal } = callContextOf(context);
      for (;;) {
        signal.throwIfAborted();
        yield { resumeToken: CANARY.repeat(10_000) };
      }
    });
    const leaving = new AbortController();
    const read = async () => {
      for await (const _ of clientOver(name).watchEvents({}, { signal: leaving.signal })) {
        await delay(100);
        leaving.abort();
      }
    };
    await expect(read()).rejects.toThrow();
    await expect.poll(() => server.logged).toHaveLength(1);
    await server.close();
    expect(server.logged).toMatchObject([
      { level: 30, method: METHOD, code: 'Canceled', reason: 'CANCELLED' },
    ]);
  },
);

test("the call's context is that of any other call, except for its end", async () => {
  const contexts: unknown[] = [];
  const { clientOver } = await startWatched(async function* (_, context) {
    contexts.push(callContextOf(context));
    yield {};
  });
  const headers = { 'x-actor': 'reader@test', 'x-request-id': 'whatever' };
  for await (const _ of clientOver(GRPC).watchEvents({}, { headers })) {
    expect(contexts).toHaveLength(1);
  }
  expect(contexts[0]).toMatchObject({ actor: 'reader@test', actorKind: 'COACH', requestId: undefined });
  const { deadlineAtMs } = contexts[0] as { deadlineAtMs: number };
  expect(deadlineAtMs - performance.now()).toBeGreaterThan(59 * 60_000);
});
