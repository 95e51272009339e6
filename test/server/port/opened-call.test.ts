/** The ID of a call: in its answer, in its error and in the log, so that each leads to the others. */
import { once } from 'node:events';
import http2 from 'node:http2';
import { gzipSync } from 'node:zlib';
import { create } from '@bufbuild/protobuf';
import { type CallOptions, createClient } from '@connectrpc/connect';
import { Metadata } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DomainError } from '../../../src/errors/domain-error.ts';
import { Health } from '../../../src/gen/health/v1/health_pb.ts';
import { GetUserRequestSchema, UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import {
  callGrpcJs,
  createGrpcJsClient,
  failureOf,
  postJson,
  startTestServer,
  TRANSPORTS,
  USER_ID,
} from '../test-server.ts';

const GET_USER = 'progression.v1.UserService/GetUser';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ID = '5f2b6b1e-8d3a-4a53-9c3c-2f4ad1f5b001';

const refusing = {
  users: {
    getUser(): never {
      throw new DomainError('USER_NOT_FOUND', 'no such user');
    },
  },
};

/** Options of a call that sends this ID, and the ID that came back. */
function sending(id?: string) {
  const back: { id?: string | null } = {};
  const options: CallOptions = {
    headers: id === undefined ? {} : { 'x-request-id': id },
    onHeader: (headers) => {
      back.id = headers.get('x-request-id');
    },
  };
  return { options, back };
}

describe.each(Object.entries(TRANSPORTS))('over %s', (_, transport) => {
  test('the caller gets its ID back, and the log has it', async () => {
    const { url, logged } = await startTestServer();
    const { options, back } = sending(ID);
    await createClient(UserService, transport(url)).getUser({ userId: USER_ID }, options);
    expect(back.id).toBe(ID);
    expect(logged).toMatchObject([{ msg: 'call', callId: ID }]);
  });

  test('a call without an ID gets one, a new one each time', async () => {
    const { url, logged } = await startTestServer();
    const users = createClient(UserService, transport(url));
    const calls = [sending(), sending()];
    for (const { options } of calls) {
      await users.getUser({ userId: USER_ID }, options);
    }
    const ids = calls.map(({ back }) => back.id);
    expect(ids).toEqual([expect.stringMatching(UUID), expect.stringMatching(UUID)]);
    expect(ids[0]).not.toBe(ids[1]);
    expect(logged.map(({ callId }) => callId)).toEqual(ids);
  });

  test('an error names the call, and so does the log', async () => {
    const { url, logged } = await startTestServer(refusing);
    const users = createClient(UserService, transport(url));
    const { options } = sending(ID);
    expect(await failureOf(users.getUser({ userId: USER_ID }, options))).toMatchObject({
      reason: 'USER_NOT_FOUND',
      callId: ID,
    });
    expect(logged).toMatchObject([{ msg: 'call refused', callId: ID }]);
  });

  test('an error of a method without the interceptors of the API names the call', async () => {
    const { url } = await startTestServer();
    const health = createClient(Health, transport(url));
    const { options } = sending(ID);
    expect(await failureOf(health.check({ service: 'none' }, options))).toMatchObject({ callId: ID });
  });

  test('a refusal for lack of room names the call', async () => {
    const { url } = await startTestServer({ exceededLimit: () => 'concurrentCalls' });
    const users = createClient(UserService, transport(url));
    const { options } = sending(ID);
    expect(await failureOf(users.getUser({ userId: USER_ID }, options))).toMatchObject({
      reason: 'OVERLOADED',
      metadata: { limit: 'concurrentCalls' },
      callId: ID,
    });
  });
});

test.each([
  ['a name', 'kanaria-vogelsang'],
  ['a line of its own', 'abcdef0123456789%0Aabcdef'],
  ['too short', '1987-11-23'],
  ['too long', 'a'.repeat(65)],
  ['empty', ''],
])('an ID that is %s is replaced by one of our own', async (_, id) => {
  const { url, logged } = await startTestServer();
  const { headers } = await postJson(url, GET_USER, { userId: USER_ID }, { 'x-request-id': id });
  expect(headers.get('x-request-id')).toMatch(UUID);
  expect(logged).toMatchObject([{ callId: headers.get('x-request-id') }]);
});

test('the ID is not the request ID: a call may have both', async () => {
  const { url, logged } = await startTestServer();
  const requestId = '0198c2a4-7000-7abc-8def-0123456789ab';
  const headers = { 'x-request-id': ID, 'idempotency-key': requestId };
  const answer = await postJson(url, GET_USER, { userId: USER_ID }, headers);
  expect(answer.headers.get('x-request-id')).toBe(ID);
  expect(logged).toMatchObject([{ callId: ID, requestId }]);
});

/** The call's ID in the details of an error in JSON. */
function namedIn(body: Record<string, unknown>): unknown {
  const details = (body.details ?? []) as { type: string; debug?: { requestId?: string } }[];
  return details.find(({ type }) => type === 'google.rpc.RequestInfo')?.debug?.requestId;
}

test.each([
  ['is no JSON', GET_USER, '{', {}, 400],
  ['breaks a rule', GET_USER, { userId: 'x' }, {}, 400],
  ['is in no type that is served', GET_USER, '{}', { 'content-type': 'text/plain' }, 415],
  ['is for no method that there is', 'progression.v1.UserService/Nothing', {}, {}, 404],
  ['is for a method that is not served', 'progression.v1.UserService/ListUsers', {}, {}, 501],
])('a request that %s is answered with its ID', async (_, method, body, headers, status) => {
  const { url } = await startTestServer();
  const answer = await postJson(url, method, body, { 'x-request-id': ID, ...headers });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('x-request-id')).toBe(ID);
  expect(namedIn(answer.body)).toBe(ID);
});

test('a body that is cut short is answered with its ID', async () => {
  const { url } = await startTestServer();
  const response = await fetch(`${url}/${GET_USER}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', 'x-request-id': ID },
    body: gzipSync(JSON.stringify({ userId: USER_ID })).subarray(0, 20),
  });
  expect(namedIn((await response.json()) as Record<string, unknown>)).toBe(ID);
});

test('a call of gRPC to no method that there is names the call', async () => {
  const server = await startTestServer();
  const client = createGrpcJsClient(server);
  const metadata = new Metadata();
  metadata.set('x-request-id', ID);
  const method = { ...UserService.method.getUser, name: 'Nothing' };
  const call = callGrpcJs(client, method, create(GetUserRequestSchema), metadata);
  const error: { metadata: Metadata } = await call.then(
    () => expect.fail('the call succeeded'),
    (reason) => reason,
  );
  const [details] = error.metadata.get('grpc-status-details-bin');
  expect(`${details}`).toContain('google.rpc.RequestInfo');
  expect(`${details}`).toContain(ID);
});

test('headers that are too many over HTTP/2 are refused with an ID', async () => {
  const { url } = await startTestServer({ limits: { headerBytes: 300 } });
  const session = http2.connect(url);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ':path': '/', 'x-request-id': ID, 'x-long': 'x'.repeat(400) });
  const [headers] = await once(stream, 'response');
  expect(headers).toMatchObject({ ':status': 431, 'x-request-id': ID });
});
