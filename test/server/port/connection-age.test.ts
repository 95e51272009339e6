/** Connections end by age without a lost call, and end when their peer is gone. */
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { Code, type ConnectRouter, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { Metadata } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callContextOf } from '../../../src/calls/call-context.ts';
import { EventService } from '../../../src/gen/automation/v1/event_service_pb.ts';
import { GetUserRequestSchema, UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { callGrpcJs, createGrpcJsClient, failureOf, startTestServer, USER_ID } from '../test-server.ts';

const PATH = '/progression.v1.UserService/GetUser';
const JSON_CALL = { ':method': 'POST', ':path': PATH, 'content-type': 'application/json' };
const MESSAGE = JSON.stringify({ userId: USER_ID });

function openSession(url: string): http2.ClientHttp2Session {
  const session = http2.connect(url);
  session.on('error', () => undefined);
  onTestFinished(() => session.destroy());
  return session;
}

/** A POST of GetUser on a connection of the agent. */
async function post(url: string, agent: Agent): Promise<IncomingMessage> {
  const headers = { 'content-type': 'application/json' };
  const request = httpRequest(`${url}${PATH}`, { method: 'POST', agent, headers });
  request.end(MESSAGE);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response;
}

/** An EventService whose watchers end with their call, and UserService with what the test wants. */
function routesWith(getUser: (id: string) => Promise<{ user: { id: string } }>) {
  return (router: ConnectRouter) => {
    router.service(UserService, { getUser: ({ userId }) => getUser(userId) });
    router.service(EventService, {
      async *watchEvents(_, context) {
        yield { resumeToken: 'first' };
        const { signal } = callContextOf(context);
        await once(signal, 'abort');
        throw signal.reason;
      },
    });
  };
}

describe('an old HTTP/2 connection', () => {
  test('is told to go away between nine and eleven tenths of the age, each at a time of its own', async () => {
    const { url } = await startTestServer({ limits: { connectionAgeMs: 1_000 } });
    const ages = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const session = openSession(url);
        await once(session, 'connect');
        const openedAt = performance.now();
        await once(session, 'goaway');
        return performance.now() - openedAt;
      }),
    );
    // The peer may learn of its connection up to a moment later than the server, and of its end too.
    expect(Math.min(...ages)).toBeGreaterThan(850);
    expect(Math.max(...ages) - Math.min(...ages)).toBeGreaterThan(50);
  });

  test('is told first that all calls are served, and closed when those that run are answered', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { url } = await startTestServer({
      limits: { connectionAgeMs: 50 },
      routes: routesWith(async (id) => {
        await released;
        return { user: { id } };
      }),
    });
    const session = openSession(url);
    const call = session.request(JSON_CALL);
    call.end(MESSAGE);
    const [code, lastStreamId] = await once(session, 'goaway');
    expect({ code, lastStreamId }).toEqual({
      code: http2.constants.NGHTTP2_NO_ERROR,
      lastStreamId: 2 ** 31 - 1,
    });
    const closed = once(session, 'close');
    release();
    expect(JSON.parse(await text(call))).toEqual({ user: { id: USER_ID } });
    await closed;
  });

  test('is cut off after the grace period, with what still runs', async () => {
    const { url } = await startTestServer({
      limits: { connectionAgeMs: 50, connectionAgeGraceMs: 100 },
      routes: routesWith(() => new Promise(() => undefined)),
    });
    const session = openSession(url);
    const call = session.request(JSON_CALL);
    call.on('error', () => undefined);
    call.end(MESSAGE);
    await once(session, 'goaway');
    const saidAt = performance.now();
    await once(session, 'close');
    expect(performance.now() - saidAt).toBeLessThan(5_000);
  });

  test('ends its streaming calls with an error that says to call again', async () => {
    const { url } = await startTestServer({
      limits: { connectionAgeMs: 100 },
      routes: routesWith(async (id) => ({ user: { id } })),
    });
    const events = createClient(EventService, createGrpcTransport({ baseUrl: url }));
    const tokens: string[] = [];
    const watch = (async () => {
      for await (const { resumeToken } of events.watchEvents({})) {
        tokens.push(resumeToken);
      }
    })();
    expect(await failureOf(watch)).toMatchObject({
      code: Code.Unavailable,
      reason: 'SHUTTING_DOWN',
      retryDelay: { nanos: 100_000_000 },
    });
    expect(tokens).toEqual(['first']);
  });

  test('lives on with an age of 0', async () => {
    const { url } = await startTestServer({ limits: { connectionAgeMs: 0 } });
    const session = openSession(url);
    session.on('goaway', () => expect.fail('told to go away'));
    await once(session, 'connect');
    await delay(100);
    expect(session.closed).toBe(false);
  });

  test('loses no call of a client that goes on calling, by grpc-js', async () => {
    const server = await startTestServer({ limits: { connectionAgeMs: 30 } });
    const client = createGrpcJsClient(server);
    const { getUser } = UserService.method;
    const request = create(GetUserRequestSchema, { userId: USER_ID });
    await callFor(1_000, () => callGrpcJs(client, getUser, request, new Metadata()));
  });
});

/** Calls by four lanes for a while; rejects when a call fails. */
async function callFor(durationMs: number, call: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + durationMs;
  const lane = async () => {
    while (performance.now() < until) {
      await call();
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
}

describe('an old HTTP/1.1 connection', () => {
  test('is closed after its next answer', async () => {
    const { url } = await startTestServer({ limits: { connectionAgeMs: 100 } });
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    expect((await post(url, agent)).headers.connection).toBe('keep-alive');
    await expect.poll(async () => (await post(url, agent)).headers.connection).toBe('close');
    expect((await post(url, agent)).headers.connection).toBe('keep-alive');
  });

  test('loses no call of a client that goes on calling', async () => {
    const { url } = await startTestServer({ limits: { connectionAgeMs: 30 } });
    const users = createClient(UserService, createConnectTransport({ baseUrl: url, httpVersion: '1.1' }));
    await callFor(1_000, () => users.getUser({ userId: USER_ID }));
  });

  test('ends its streaming calls with an error that says to call again', async () => {
    const { url } = await startTestServer({
      limits: { connectionAgeMs: 100 },
      routes: routesWith(async (id) => ({ user: { id } })),
    });
    const events = createClient(EventService, createConnectTransport({ baseUrl: url, httpVersion: '1.1' }));
    const watch = (async () => {
      for await (const { resumeToken } of events.watchEvents({})) {
        expect(resumeToken).toBe('first');
      }
    })();
    expect(await failureOf(watch)).toMatchObject({ code: Code.Unavailable, reason: 'SHUTTING_DOWN' });
  });
});

describe('a ping', () => {
  const limits = { pingIntervalMs: 50, pingTimeoutMs: 100 };

  test('that is answered leaves the connection open', async () => {
    const { url } = await startTestServer({ limits });
    const session = openSession(url);
    let pings = 0;
    session.on('ping', () => {
      pings += 1;
    });
    await expect.poll(() => pings).toBeGreaterThan(4);
    expect(session.closed).toBe(false);
  });

  test('that is not answered ends the connection', async () => {
    const { port } = await startTestServer({ limits });
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    // The preface and empty settings; a peer that says nothing after that is taken for gone.
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    socket.resume();
    await once(socket, 'close');
  });

  test('is not sent with an interval of 0', async () => {
    const { port } = await startTestServer({ limits: { ...limits, pingIntervalMs: 0 } });
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    socket.resume();
    await delay(300);
    expect(socket.closed).toBe(false);
  });
});
