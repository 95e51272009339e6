/** One port, every protocol; and what happens to callers that are confused, greedy or hostile. */
import { once } from 'node:events';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { create } from '@bufbuild/protobuf';
import { Code, createClient } from '@connectrpc/connect';
import { Metadata } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DomainError } from '../../src/errors/domain-error.ts';
import { GetUserRequestSchema, UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { ListenError } from '../../src/server/port/http-port.ts';
import {
  callGrpcJs,
  createGrpcJsClient,
  failureOf,
  postJson,
  startTestServer,
  TRANSPORTS,
  USER_ID,
} from './test-server.ts';

const GET_USER = 'progression.v1.UserService/GetUser';
const NO_UUID = 'must be a UUID, such as 0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e12; was "nobody"';
const HTTP2_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const EMPTY_SETTINGS = '\0\0\0\x04\0\0\0\0\0';

/** A bare HTTP/2 session, closed after the test. */
function openHttp2(url: string): http2.ClientHttp2Session {
  const session = http2.connect(url);
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return session;
}

/** Sends bytes over a bare connection and gives everything that comes back until the server closes. */
async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  socket.write(bytes);
  return text(socket);
}

describe.each(Object.entries(TRANSPORTS))('%s', (_, createTransport) => {
  test('is answered', async () => {
    const { url } = await startTestServer();
    const users = createClient(UserService, createTransport(url));
    expect((await users.getUser({ userId: USER_ID })).user?.id).toBe(USER_ID);
  });

  test('gets a refusal with its reason, metadata and violations', async () => {
    const { url } = await startTestServer({
      users: {
        getUser() {
          throw new DomainError('USER_NOT_FOUND', 'no such user', { metadata: { userId: USER_ID } });
        },
      },
    });
    const users = createClient(UserService, createTransport(url));
    expect(await failureOf(users.getUser({ userId: USER_ID }))).toMatchObject({
      code: Code.NotFound,
      message: 'no such user',
      reason: 'USER_NOT_FOUND',
      domain: 'progression-service',
      metadata: { userId: USER_ID },
    });
    expect(await failureOf(users.getUser({ userId: 'nobody' }))).toMatchObject({
      code: Code.InvalidArgument,
      reason: 'VALIDATION_FAILED',
      violations: [{ field: 'user_id', description: NO_UUID }],
    });
  });

  test('is refused with a reason when the message is too large, before it is read', async () => {
    const server = await startTestServer({ limits: { messageBytes: 1000 } });
    const users = createClient(UserService, createTransport(server.url));
    expect(await failureOf(users.createUser({ name: 'x'.repeat(100_000) }))).toMatchObject({
      code: Code.ResourceExhausted,
      reason: 'MESSAGE_TOO_LARGE',
    });
    expect(server.logged).toEqual([expect.objectContaining({ reason: 'MESSAGE_TOO_LARGE' })]);
    expect((await users.getUser({ userId: USER_ID })).user?.id).toBe(USER_ID);
  });

  test('is told that a method is not implemented', async () => {
    const { url } = await startTestServer();
    const users = createClient(UserService, createTransport(url));
    expect(await failureOf(users.listUsers({}))).toMatchObject({
      code: Code.Unimplemented,
      reason: 'UNIMPLEMENTED',
    });
  });
});

describe('grpc-js', () => {
  test('is answered, and gets error details in a trailers-only response', async () => {
    const server = await startTestServer();
    const client = createGrpcJsClient(server);
    const get = (userId: string) =>
      callGrpcJs(
        client,
        UserService.method.getUser,
        create(GetUserRequestSchema, { userId }),
        new Metadata(),
      );
    expect((await get(USER_ID)).user?.id).toBe(USER_ID);
    const refusal = await get('nobody').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 3, details: `user_id: ${NO_UUID}` });
    expect((refusal as { metadata: Metadata }).metadata.get('grpc-status-details-bin')).toHaveLength(1);
  });

  test('is told that a service is unknown', async () => {
    const client = createGrpcJsClient(await startTestServer());
    const unknown = new Promise((_, reject) => {
      const pass = (bytes: Buffer) => bytes;
      client.makeUnaryRequest('/no.Such/Method', pass, pass, Buffer.alloc(0), (error) => reject(error));
    });
    await expect(unknown).rejects.toMatchObject({ code: 12, details: 'no such service or method' });
  });
});

describe('a POST by hand', () => {
  test.each(['1.1', '2'])('over HTTP/%s with JSON is answered with JSON', async (version) => {
    const { url, host, port } = await startTestServer();
    const body = JSON.stringify({ userId: USER_ID });
    if (version === '1.1') {
      expect(await postJson(url, GET_USER, body)).toMatchObject({
        status: 200,
        body: { user: { id: USER_ID } },
      });
      return;
    }
    const stream = openHttp2(`http://${host}:${port}`).request({
      ':method': 'POST',
      ':path': `/${GET_USER}`,
      'content-type': 'application/json',
    });
    stream.end(body);
    expect(JSON.parse(await text(stream))).toEqual({ user: { id: USER_ID } });
  });

  test('of a read may be a GET', async () => {
    const { url } = await startTestServer();
    const message = encodeURIComponent(JSON.stringify({ userId: USER_ID }));
    const response = await fetch(`${url}/${GET_USER}?connect=v1&encoding=json&message=${message}`);
    expect(await response.json()).toEqual({ user: { id: USER_ID } });
  });

  test('with a body that is not JSON is refused with a reason', async () => {
    const { url } = await startTestServer();
    const { status, body } = await postJson(url, GET_USER, '{"userId":');
    expect(status).toBe(400);
    expect(body).toMatchObject({
      code: 'invalid_argument',
      message: 'the message is no JSON: expected a value, but the text ends, at line 1, column 11',
      details: [
        { type: 'google.rpc.ErrorInfo', debug: { reason: 'VALIDATION_FAILED' } },
        { type: 'google.rpc.BadRequest' },
        { type: 'google.rpc.RequestInfo' },
      ],
    });
  });

  test('to a path without a method is told so', async () => {
    const { url } = await startTestServer();
    expect(await postJson(url, 'progression.v1.UserService/Nothing', {})).toMatchObject({
      status: 404,
      body: { code: 'unimplemented' },
    });
  });
});

describe('the port', () => {
  test('is refused in one line when it is in use', async () => {
    const { port } = await startTestServer();
    const second = startTestServer({ port });
    await expect(second).rejects.toThrow(ListenError);
    await expect(second).rejects.toThrow(`port ${port} on 127.0.0.1 is taken`);
  });

  test('is refused in one line when the host is no address of this machine', async () => {
    await expect(startTestServer({ host: '192.0.2.1' })).rejects.toThrow(
      '192.0.2.1 is not an address of this machine',
    );
  });

  test('has a URL that a client can call, also for IPv6 and for every interface', async () => {
    const everywhere = await startTestServer({ host: '0.0.0.0' });
    expect(everywhere.url).toBe(`http://localhost:${everywhere.port}`);
    const ipv6 = await startTestServer({ host: '::1' });
    expect(ipv6.url).toBe(`http://[::1]:${ipv6.port}`);
    expect((await postJson(ipv6.url, GET_USER, { userId: USER_ID })).status).toBe(200);
  });
});

describe('a hostile peer', () => {
  test.each([
    ['a host that no URL can have', 'HTTP/1.1\r\nHost: [\r\nConnection: close'],
    ['no host at all', 'HTTP/1.0'],
  ])('with %s is refused, and the server goes on', async (_, tail) => {
    const { url, port } = await startTestServer();
    const request = `POST /${GET_USER} ${tail}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    expect(await sendRaw(port, request)).toMatch(/^HTTP\/1\.1 400 /);
    expect((await postJson(url, GET_USER, { userId: USER_ID })).status).toBe(200);
  });

  test('that speaks no HTTP is refused', async () => {
    const { port } = await startTestServer();
    expect(await sendRaw(port, '\x16\x03\x01 hello there\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  test.each([
    ['HTTP/1.1', `POST /${GET_USER} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{}`],
    ['HTTP/2', `${HTTP2_PREFACE}${EMPTY_SETTINGS}`],
  ])('that stops sending in the middle of %s is disconnected', async (_, bytes) => {
    const { port } = await startTestServer();
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    onTestFinished(() => void socket.destroy());
    const ended = once(socket.resume(), 'end');
    socket.end(bytes, 'latin1');
    await ended;
  });

  test('that breaks its connections at any byte does not affect others', async () => {
    const server = await startTestServer();
    const whole = [
      `${HTTP2_PREFACE}${EMPTY_SETTINGS}${EMPTY_SETTINGS}`,
      `POST /${GET_USER} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
    ];
    const lengths = whole.flatMap((bytes) => [...bytes].map((_, i) => bytes.slice(0, i)));
    await Promise.all(
      lengths.map(async (bytes, i) => {
        const socket = connect({ port: server.port, host: '127.0.0.1' });
        const closed = new Promise((resolve) => socket.on('close', resolve));
        socket.on('error', () => {});
        socket.write(bytes, 'latin1', () => (i % 2 ? socket.resetAndDestroy() : socket.destroy()));
        await closed;
      }),
    );
    expect((await postJson(server.url, GET_USER, { userId: USER_ID })).status).toBe(200);
    expect(server.logged.filter(({ level }) => (level as number) > 30)).toEqual([]);
  });

  test('that never finishes its HTTP/1.1 headers is cut off', async () => {
    const { port } = await startTestServer({ limits: { requestHeadersMs: 100 } });
    expect(await sendRaw(port, 'POST /x HTTP/1.1\r\nHost: a\r\n')).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('that never finishes its HTTP/2 body is cut off, and the connection goes on', async () => {
    const { host, port } = await startTestServer({ limits: { maximumDeadlineMs: 100 } });
    const session = openHttp2(`http://${host}:${port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': `/${GET_USER}`,
      'content-type': 'application/json',
    });
    stream.on('error', () => {});
    stream.write('{"userId":');
    await once(stream, 'close');
    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_CANCEL);
    expect(session.destroyed).toBe(false);
  });

  test.each(['1.1', '2'])('with more than 8 KiB of headers over HTTP/%s is refused', async (version) => {
    const server = await startTestServer();
    const headers = { 'content-type': 'application/json', 'x-padding': 'x'.repeat(9_000) };
    if (version === '1.1') {
      const response = await fetch(`${server.url}/${GET_USER}`, { method: 'POST', headers, body: '{}' });
      expect(response.status).toBe(431);
    } else {
      const stream = openHttp2(server.url).request({
        ':method': 'POST',
        ':path': `/${GET_USER}`,
        ...headers,
      });
      const [response] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
      expect(response[':status']).toBe(431);
    }
    expect(server.logged).toEqual([]);
  });

  test('that opens streams only to reset them is disconnected after a burst', async () => {
    let started = 0;
    const { url } = await startTestServer({
      limits: { streamResetBurst: 20, streamResetsPerSecond: 1 },
      users: {
        getUser() {
          started += 1;
          return {};
        },
      },
    });
    const session = openHttp2(url);
    await once(session, 'connect');
    const closed = new Promise((resolve) => session.on('close', resolve));
    for (let i = 0; i < 500 && !session.destroyed; i += 1) {
      const stream = session.request({ ':method': 'POST', ':path': `/${GET_USER}` });
      stream.on('error', () => {});
      stream.close(http2.constants.NGHTTP2_CANCEL);
      await new Promise(setImmediate);
    }
    await closed;
    expect(started).toBeLessThan(60);
  });
});
