/** The log lines of calls, and what they must not contain. */
import { Code, createClient } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import { DomainError } from '../../../src/errors/domain-error.ts';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { failureOf, postJson, startTestServer, TRANSPORTS, USER_ID } from '../test-server.ts';

const GET_USER = 'progression.v1.UserService/GetUser';
const REQUEST_ID = '0198c2a4-7000-7abc-8def-0123456789ab';

/** Personal data and credentials, in every place where a caller can put them. */
const CANARY = 'canary-7f3a';

test('a call that is answered is logged in one line', async () => {
  const { url, logged } = await startTestServer();
  await postJson(url, GET_USER, { userId: USER_ID }, { 'x-request-id': REQUEST_ID.toUpperCase() });
  expect(logged).toEqual([
    {
      level: 30,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      msg: 'call',
      method: GET_USER,
      protocol: 'connect',
      callId: REQUEST_ID.toUpperCase(),
      requestId: REQUEST_ID,
      durationMs: expect.any(Number),
      code: 'OK',
    },
  ]);
});

test.each([
  ['gRPC over HTTP/2', 'grpc'],
  ['gRPC-Web over HTTP/1.1', 'grpc-web'],
  ['Connect over HTTP/2', 'connect'],
])('the protocol %s is logged as %s', async (name, protocol) => {
  const { url, logged } = await startTestServer();
  const transport = TRANSPORTS[name] as (typeof TRANSPORTS)[string];
  await createClient(UserService, transport(url)).getUser({ userId: USER_ID });
  expect(logged).toMatchObject([{ protocol }]);
});

test('the line of a call has the trace of its caller, answered or not', async () => {
  const { url, logged } = await startTestServer();
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
  await postJson(url, GET_USER, { userId: USER_ID }, headers);
  await postJson(url, GET_USER, { userId: 'x' }, headers);
  await postJson(url, GET_USER, '{', headers);
  await postJson(url, GET_USER, '{', { traceparent: CANARY });
  expect(logged.map((line) => line.traceId)).toEqual([traceId, traceId, traceId, undefined]);
});

test('the line of a refused call has the reason', async () => {
  const { url, logged } = await startTestServer({
    users: {
      getUser() {
        throw new DomainError('USER_NOT_FOUND', 'no such user');
      },
    },
  });
  await postJson(url, GET_USER, { userId: USER_ID });
  await postJson(url, GET_USER, { userId: 'x' });
  await postJson(url, GET_USER, '{');
  await postJson(url, 'progression.v1.UserService/ListUsers', {});
  expect(logged).toMatchObject([
    { level: 30, msg: 'call refused', code: 'NotFound', reason: 'USER_NOT_FOUND' },
    { level: 30, msg: 'call refused', code: 'InvalidArgument', reason: 'VALIDATION_FAILED' },
    { level: 30, msg: 'call refused', code: 'InvalidArgument', reason: 'VALIDATION_FAILED' },
    { level: 30, msg: 'call refused', code: 'Unimplemented', reason: 'UNIMPLEMENTED' },
  ]);
  expect(logged).toHaveLength(4);
});

test.each(Object.entries(TRANSPORTS))(
  'a defect over %s is logged once, and not described to the caller',
  async (_, transport) => {
    const { url, logged } = await startTestServer({
      users: {
        getUser() {
          throw new TypeError('row is undefined');
        },
      },
    });
    const call = createClient(UserService, transport(url)).getUser({ userId: USER_ID });
    expect(await failureOf(call)).toMatchObject({
      code: Code.Internal,
      message: 'internal error',
      reason: 'INTERNAL',
      metadata: {},
    });
    expect(logged).toMatchObject([
      {
        level: 50,
        msg: 'call failed',
        code: 'Internal',
        reason: 'INTERNAL',
        cause: { name: 'TypeError', message: 'row is undefined' },
      },
    ]);
    expect(logged).toHaveLength(1);
  },
);

test('the content of requests is not logged', async () => {
  const { url, logged } = await startTestServer({
    users: {
      createUser() {
        throw new DomainError('USER_EXISTS', CANARY, { metadata: { name: CANARY } });
      },
    },
  });
  const headers = {
    authorization: `Bearer ${CANARY}`,
    cookie: CANARY,
    'x-actor': CANARY,
    'x-account-id': CANARY,
    'idempotency-key': CANARY,
    'x-request-id': CANARY,
    traceparent: CANARY,
    'user-agent': CANARY,
  };
  await postJson(url, 'progression.v1.UserService/CreateUser', { name: CANARY });
  await postJson(url, 'progression.v1.UserService/CreateUser', { name: CANARY, birthDate: CANARY });
  await postJson(url, GET_USER, { userId: USER_ID }, headers);
  await postJson(url, `${GET_USER}?${CANARY}`, `{"${CANARY}`, headers);
  await postJson(url, `progression.v1.UserService/${CANARY}`, {}, headers);
  expect(logged).toHaveLength(4);
  expect(JSON.stringify(logged)).not.toContain(CANARY);
});
