/** Hand-written HTTP/2 calls: each is answered, and its stream ends on both sides. */
import { once } from 'node:events';
import http2 from 'node:http2';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { startTestServer, USER_ID } from '../test-server.ts';

const GET_USER = '/progression.v1.UserService/GetUser';
const MESSAGE = JSON.stringify({ userId: USER_ID });
const BY_URL = `${GET_USER}?connect=v1&encoding=json&message=${encodeURIComponent(MESSAGE)}`;
const JSON_TYPE = { 'content-type': 'application/json' };
const GRPC_TYPE = { 'content-type': 'application/grpc' };

async function openSession(): Promise<http2.ClientHttp2Session> {
  const { host, port } = await startTestServer();
  const session = http2.connect(`http://${host}:${port}`);
  onTestFinished(() => session.destroy());
  return session;
}

/** Sends a request, and gives the answer when its stream has ended on both sides. */
async function answerTo(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: string,
) {
  const stream = session.request(headers, { endStream: body === undefined });
  const closed = once(stream, 'close');
  if (body !== undefined) {
    stream.end(body);
  }
  const [[response], received] = await Promise.all([once(stream, 'response'), text(stream)]);
  await closed;
  return { status: response[':status'], grpcStatus: response['grpc-status'], body: received };
}

test.each([
  ['a read', { ':path': BY_URL }, { status: 200, body: JSON.stringify({ user: { id: USER_ID } }) }],
  ['an unknown path', { ':path': '/nothing' }, { status: 404 }],
  ['nothing that is known, of gRPC', { ':path': '/nothing', ...GRPC_TYPE }, { grpcStatus: '12', body: '' }],
  ['a method, in a type that is only posted', { ':path': GET_USER, ...GRPC_TYPE }, { status: 415 }],
  ['headers alone', { ':path': BY_URL, ':method': 'HEAD' }, { body: '' }],
])('a request without a body for %s', async (_, headers, expected) => {
  const session = await openSession();
  expect(await answerTo(session, headers)).toMatchObject(expected);
  expect(await answerTo(session, { ':path': BY_URL })).toMatchObject({ status: 200 });
});

test.each([
  ['a call', { ':path': GET_USER, ...JSON_TYPE }, { status: 200 }],
  ['an unknown path', { ':path': '/nothing', ...JSON_TYPE }, { status: 404 }],
  ['an unknown content type', { ':path': GET_USER, 'content-type': 'text/plain' }, { status: 415 }],
  [
    'a host that no URL can have',
    { ':path': GET_USER, ':authority': 'host:port', ...JSON_TYPE },
    { status: 400 },
  ],
])('a request with a body for %s', async (_, headers, expected) => {
  const session = await openSession();
  expect(await answerTo(session, { ':method': 'POST', ...headers }, MESSAGE)).toMatchObject(expected);
  expect(await answerTo(session, { ':path': BY_URL })).toMatchObject({ status: 200 });
});

test('a client that sends expect: 100-continue is told to send the body', async () => {
  const session = await openSession();
  const headers = { ':method': 'POST', ':path': GET_USER, expect: '100-continue', ...JSON_TYPE };
  const stream = session.request(headers);
  await once(stream, 'continue');
  stream.end(MESSAGE);
  expect(JSON.parse(await text(stream))).toEqual({ user: { id: USER_ID } });
});
