/** Draining: running calls finish, new ones are refused, and everything ends within its limit. */
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../src/gen/health/v1/health_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { startTestServer, type TestServerOptions, TRANSPORTS, USER_ID } from './test-server.ts';

const GET_USER = '/progression.v1.UserService/GetUser';

/** A server whose GetUser waits until the test lets it answer. */
async function startSlowServer(options: TestServerOptions = {}) {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let running = 0;
  const server = await startTestServer({
    users: {
      async getUser({ userId }) {
        running += 1;
        await released;
        return { user: { id: userId } };
      },
    },
    ...options,
  });
  const untilRunning = (count: number) => expect.poll(() => running, { interval: 5 }).toBe(count);
  return { server, release, untilRunning };
}

/** A POST of GetUser by hand, on a connection of the agent. */
async function post(port: number, agent: Agent): Promise<IncomingMessage> {
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    path: GET_USER,
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json' },
  });
  request.end(JSON.stringify({ userId: USER_ID }));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

function keepAliveAgent(): Agent {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  return agent;
}

describe.each(Object.entries(TRANSPORTS))('%s', (_, transport) => {
  test('a running call finishes, and then the server is closed', async () => {
    const { server, release, untilRunning } = await startSlowServer();
    const users = createClient(UserService, transport(server.url));
    const call = users.getUser({ userId: USER_ID });
    await untilRunning(1);
    let closed = false;
    const closing = server.close().then(() => {
      closed = true;
    });
    await expect(fetch(server.url)).rejects.toThrow();
    expect(closed).toBe(false);
    release();
    expect((await call).user?.id).toBe(USER_ID);
    await closing;
  });
});

test('before it drains, the server says NOT_SERVING and still answers calls', async () => {
  const server = await startTestServer({ limits: { drainPauseMs: 300 } });
  const transport = createGrpcTransport({ baseUrl: server.url });
  const health = createClient(Health, transport);
  const statuses = health.watch({})[Symbol.asyncIterator]();
  expect((await statuses.next()).value?.status).toBe(ServingStatus.SERVING);
  let closed = false;
  const closing = server.close().then(() => {
    closed = true;
  });
  expect((await statuses.next()).value?.status).toBe(ServingStatus.NOT_SERVING);
  const { user } = await createClient(UserService, createGrpcTransport({ baseUrl: server.url })).getUser({
    userId: USER_ID,
  });
  expect(user?.id).toBe(USER_ID);
  expect(closed).toBe(false);
  await closing;
});

test('HTTP/2 peers receive GOAWAY, and a later call of theirs is refused unprocessed', async () => {
  const { server, release, untilRunning } = await startSlowServer();
  const session = http2.connect(server.url);
  onTestFinished(() => session.destroy());
  const headers = { ':method': 'POST', ':path': GET_USER, 'content-type': 'application/json' };
  const running = session.request(headers);
  running.end(JSON.stringify({ userId: USER_ID }));
  await untilRunning(1);

  const goaway = once(session, 'goaway');
  const closing = server.close();
  const late = session.request(headers);
  const refused = new Promise((resolve) => late.on('error', () => resolve(late.rstCode)));
  late.end(JSON.stringify({ userId: USER_ID }));
  const [code, lastStreamId] = await goaway;
  expect({ code, lastStreamId }).toEqual({ code: http2.constants.NGHTTP2_NO_ERROR, lastStreamId: 1 });
  expect(await refused).toBe(http2.constants.NGHTTP2_REFUSED_STREAM);
  release();
  expect(JSON.parse(await text(running))).toEqual({ user: { id: USER_ID } });
  await closing;
  await untilRunning(1);
});

test('idle HTTP/1.1 connections are closed at once', async () => {
  const server = await startTestServer();
  const agent = keepAliveAgent();
  const response = await post(server.port, agent);
  const { socket } = response;
  await text(response);
  expect(response.headers.connection).toBe('keep-alive');
  const closed = once(socket, 'close');
  await server.close();
  await closed;
});

test('a running HTTP/1.1 call is answered with "connection: close"', async () => {
  const { server, release, untilRunning } = await startSlowServer();
  const answered = post(server.port, keepAliveAgent());
  await untilRunning(1);
  const closing = server.close();
  release();
  const response = await answered;
  expect(response.headers.connection).toBe('close');
  expect(JSON.parse(await text(response))).toEqual({ user: { id: USER_ID } });
  await closing;
});

test.each(Object.entries(TRANSPORTS))(
  'a caller that is refused over %s before it has sent its message does not delay the drain',
  async (_, transport) => {
    const server = await startTestServer({ limits: { messageBytes: 1000 } });
    const users = createClient(UserService, transport(server.url));
    await expect(users.createUser({ name: 'x'.repeat(100_000) })).rejects.toThrow();
    const started = performance.now();
    await server.close();
    expect(performance.now() - started).toBeLessThan(10_000);
  },
);

test('connections without a first byte do not delay the drain', async () => {
  const server = await startTestServer();
  const silent = connect({ port: server.port, host: '127.0.0.1' });
  const closed = once(silent, 'close');
  await once(silent, 'connect');
  // A call on a later connection shows that the silent one was accepted.
  await (await fetch(server.url)).text();
  await server.close();
  await closed;
});

test.each(['1.1', '2'])('a call that still runs over HTTP/%s after the limit is ended', async (version) => {
  const { server, release, untilRunning } = await startSlowServer({ limits: { drainMs: 50 } });
  const transport = TRANSPORTS[`Connect over HTTP/${version}`] as (typeof TRANSPORTS)[string];
  const call = createClient(UserService, transport(server.url)).getUser({ userId: USER_ID });
  const failed = expect(call).rejects.toThrow();
  await untilRunning(1);
  await server.close();
  await failed;
  release();
});

test('closing twice has no further effect', async () => {
  const server = await startTestServer();
  await Promise.all([server.close(), server.close()]);
  await server.close();
});
