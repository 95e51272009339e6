/** The caller, the request ID and the deadline of a call; and that no caller waits longer than its deadline. */
import { setTimeout as delay } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { Code, createClient, type HandlerContext } from '@connectrpc/connect';
import { Metadata } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { type CallContext, callContextOf } from '../../../src/calls/call-context.ts';
import { DEMO_ACCOUNT_ID } from '../../../src/config/config.ts';
import { DomainError } from '../../../src/errors/domain-error.ts';
import { GetUserRequestSchema, UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { authenticateByHeaders } from '../../../src/server/access/authenticator.ts';
import { instantFromText } from '../../../src/values/instant.ts';
import {
  callGrpcJs,
  createGrpcJsClient,
  failureOf,
  startTestServer,
  type TestServerOptions,
  TRANSPORTS,
  USER_ID,
} from '../test-server.ts';

const REQUEST_ID = '0198c2a4-7000-7abc-8def-0123456789ab';
const OTHER_ID = '0198c2a4-7000-7abc-8def-ba9876543210';

function usersOf(url: string) {
  return createClient(UserService, (TRANSPORTS['Connect over HTTP/1.1'] as (url: string) => never)(url));
}

/** A server that remembers the context of each call, and a client of it. */
async function startRecordingServer(options: TestServerOptions = {}) {
  const calls: CallContext[] = [];
  function record(_: unknown, context: HandlerContext) {
    calls.push(callContextOf(context));
    return {};
  }
  const server = await startTestServer({ users: { getUser: record, deleteUser: record }, ...options });
  return { server, calls, users: usersOf(server.url) };
}

/** Work that the test ends, and that ignores its signal. */
function createStubbornWork() {
  const { promise, resolve, reject } = Promise.withResolvers<Record<string, never>>();
  const { promise: started, resolve: start } = Promise.withResolvers<HandlerContext>();
  function run(_: unknown, context: HandlerContext) {
    start(context);
    return promise;
  }
  return { run, started, finish: () => resolve({}), fail: reject };
}

describe('the account', () => {
  test('is the demo account for callers that name none', async () => {
    const { users, calls } = await startRecordingServer();
    await users.getUser({ userId: USER_ID });
    expect(calls[0]?.accountId).toBe(DEMO_ACCOUNT_ID);
  });

  test('is x-account-id, in lower case', async () => {
    const { users, calls } = await startRecordingServer();
    await users.getUser({ userId: USER_ID }, { headers: { 'x-account-id': OTHER_ID.toUpperCase() } });
    expect(calls[0]?.accountId).toBe(OTHER_ID);
  });

  test.each(['7', '', `${OTHER_ID}0`])('is refused as "%s"', async (accountId) => {
    const { users, calls } = await startRecordingServer();
    const call = users.getUser({ userId: USER_ID }, { headers: { 'x-account-id': accountId } });
    expect(await failureOf(call)).toMatchObject({ code: Code.InvalidArgument, reason: 'ACCOUNT_ID_INVALID' });
    expect(calls).toEqual([]);
  });
});

describe('the actor', () => {
  test('is x-actor, or anonymous', async () => {
    const { users, calls } = await startRecordingServer();
    await users.getUser({ userId: USER_ID }, { headers: { 'x-actor': 'coach@example.org' } });
    await users.getUser({ userId: USER_ID });
    expect(calls.map(({ actor }) => actor)).toEqual(['coach@example.org', 'anonymous']);
  });

  test('has at most 200 characters', async () => {
    const { users } = await startRecordingServer();
    await users.getUser({ userId: USER_ID }, { headers: { 'x-actor': 'x'.repeat(200) } });
    const call = users.getUser({ userId: USER_ID }, { headers: { 'x-actor': 'x'.repeat(201) } });
    expect(await failureOf(call)).toMatchObject({
      reason: 'VALIDATION_FAILED',
      violations: [{ field: 'x-actor', description: 'at most 200 characters' }],
    });
  });
});

describe('the request ID', () => {
  test.each<[string, Record<string, string>, string | undefined]>([
    ['none', {}, undefined],
    ['an idempotency-key', { 'idempotency-key': REQUEST_ID.toUpperCase() }, REQUEST_ID],
    ['a quoted idempotency-key', { 'idempotency-key': `"${REQUEST_ID}"` }, REQUEST_ID],
    ['an x-request-id', { 'x-request-id': REQUEST_ID }, REQUEST_ID],
    ['both', { 'idempotency-key': REQUEST_ID, 'x-request-id': OTHER_ID }, REQUEST_ID],
    [
      'a key beside a malformed x-request-id',
      { 'idempotency-key': REQUEST_ID, 'x-request-id': 'z' },
      REQUEST_ID,
    ],
  ])('of a writing call with %s', async (_, headers, requestId) => {
    const { users, calls } = await startRecordingServer();
    await users.deleteUser({ userId: USER_ID }, { headers });
    expect(calls[0]?.requestId).toBe(requestId);
  });

  test.each<[string, Record<string, string>]>([
    ['idempotency-key', { 'idempotency-key': 'twice' }],
    ['idempotency-key', { 'idempotency-key': `"${REQUEST_ID}` }],
    ['idempotency-key', { 'idempotency-key': '', 'x-request-id': REQUEST_ID }],
    ['x-request-id', { 'x-request-id': `{${REQUEST_ID}}` }],
    ['x-request-id', { 'x-request-id': `"${REQUEST_ID}"` }],
  ])('is refused when a writing call brings a malformed %s', async (name, headers) => {
    const { users, calls } = await startRecordingServer();
    expect(await failureOf(users.deleteUser({ userId: USER_ID }, { headers }))).toMatchObject({
      code: Code.InvalidArgument,
      reason: 'REQUEST_ID_INVALID',
      message: expect.stringContaining(`the metadata ${name} must be a UUID; was "`),
    });
    expect(calls).toEqual([]);
  });

  test.each(['idempotency-key', 'x-request-id'])(
    'is ignored when a read has a malformed %s',
    async (name) => {
      const { users, calls } = await startRecordingServer();
      await users.getUser({ userId: USER_ID }, { headers: { [name]: 'whatever' } });
      expect(calls[0]?.requestId).toBeUndefined();
    },
  );
});

test('the time of arrival is that of the clock', async () => {
  const now = instantFromText('2026-03-01T10:00:00.123456Z');
  const { users, calls } = await startRecordingServer({ clock: () => now });
  await users.getUser({ userId: USER_ID });
  expect(calls[0]?.receivedAt).toBe(now);
});

describe('the deadline', () => {
  test.each<[string, number | undefined, number]>([
    ['the default when the caller brings none', undefined, 5_000],
    ["the caller's", 2_000, 2_000],
    ['at most the maximum', 60_000, 30_000],
    ['at most the maximum, also after a month', 9_999_999_999, 30_000],
  ])('is %s', async (_, timeoutMs, expectedMs) => {
    const { server, calls } = await startRecordingServer();
    const before = performance.now();
    const response = await fetch(`${server.url}/progression.v1.UserService/GetUser`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(timeoutMs === undefined ? {} : { 'connect-timeout-ms': `${timeoutMs}` }),
      },
      body: JSON.stringify({ userId: USER_ID }),
    });
    expect(response.status).toBe(200);
    const deadlineAtMs = calls[0]?.deadlineAtMs ?? 0;
    expect(deadlineAtMs).toBeGreaterThanOrEqual(before + expectedMs);
    expect(deadlineAtMs).toBeLessThanOrEqual(performance.now() + expectedMs);
  });

  test.each(Object.entries(TRANSPORTS))('answers over %s in place of stubborn work', async (_, transport) => {
    const work = createStubbornWork();
    const { url } = await startTestServer({
      users: { getUser: work.run },
      limits: { defaultDeadlineMs: 50 },
    });
    const call = createClient(UserService, transport(url)).getUser({ userId: USER_ID });
    expect(await failureOf(call)).toMatchObject({
      code: Code.DeadlineExceeded,
      reason: 'DEADLINE_EXCEEDED',
      message: 'the deadline passed',
    });
    const context = await work.started;
    expect(context.signal.aborted).toBe(true);
    expect(callContextOf(context).signal.aborted).toBe(true);
    work.finish();
  });

  test("of a grpc-js caller ends the work's signal too", async () => {
    const work = createStubbornWork();
    const server = await startTestServer({ users: { getUser: work.run } });
    const call = callGrpcJs(
      createGrpcJsClient(server),
      UserService.method.getUser,
      create(GetUserRequestSchema, { userId: USER_ID }),
      new Metadata(),
      { deadline: new Date(Date.now() + 200) },
    );
    await expect(call).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    const { signal } = callContextOf(await work.started);
    await expect.poll(() => signal.aborted).toBe(true);
    work.finish();
  });

  test('that has passed before the work begins keeps it from beginning', async () => {
    const { calls, users } = await startRecordingServer({
      limits: { defaultDeadlineMs: 20 },
      async authenticate(request) {
        await delay(40);
        return authenticateByHeaders(request);
      },
    });
    expect(await failureOf(users.getUser({ userId: USER_ID }))).toMatchObject({
      reason: 'DEADLINE_EXCEEDED',
    });
    expect(calls).toEqual([]);
  });
});

describe('a caller that goes away', () => {
  test.each(Object.entries(TRANSPORTS))('over %s ends the signal of its work', async (_, transport) => {
    const work = createStubbornWork();
    const server = await startTestServer({ users: { getUser: work.run } });
    const caller = new AbortController();
    const call = createClient(UserService, transport(server.url)).getUser(
      { userId: USER_ID },
      { signal: caller.signal },
    );
    const { signal } = callContextOf(await work.started);
    caller.abort();
    expect(await failureOf(call)).toMatchObject({ code: Code.Canceled });
    await expect.poll(() => signal.reason).toMatchObject({ reason: 'CANCELLED' });
    await expect.poll(() => server.logged).toEqual([expect.objectContaining({ reason: 'CANCELLED' })]);
    work.finish();
  });
});

describe('work that fails after its caller was answered', () => {
  async function failLate(error: unknown) {
    const work = createStubbornWork();
    const server = await startTestServer({ users: { getUser: work.run }, limits: { defaultDeadlineMs: 20 } });
    await failureOf(usersOf(server.url).getUser({ userId: USER_ID }));
    work.fail(error);
    await server.close();
    return server.logged.map(({ msg }) => msg);
  }

  test('is logged when it is a defect', async () => {
    expect(await failLate(new TypeError('x is not a function'))).toEqual([
      'call refused',
      'failed after its caller left',
    ]);
  });

  test('is no news when it gave up', async () => {
    expect(await failLate(new DomainError('DEADLINE_EXCEEDED', 'the deadline passed'))).toEqual([
      'call refused',
    ]);
  });
});

test('the signal of a call that succeeded is left alone', async () => {
  const { users, calls } = await startRecordingServer();
  await users.getUser({ userId: USER_ID });
  await users.getUser({ userId: USER_ID });
  expect(calls[0]?.signal.aborted).toBe(false);
});
