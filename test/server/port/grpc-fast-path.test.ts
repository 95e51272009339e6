/**
 * Plain unary gRPC calls are answered the same with and without the fast path: each case is sent to a server of either
 * kind, and their answers and log lines are compared.
 */
import { once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { create, toBinary } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { DomainError } from '../../../src/errors/domain-error.ts';
import { GetUserRequestSchema } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { COMPRESSIONS } from '../../../src/server/port/compression.ts';
import { plainCallOf } from '../../../src/server/port/plain-call.ts';
import { type TestServer, type TestServerOptions, USER_ID } from '../test-server.ts';
import { callLines, frameOf, openCall, openSession, type RawCall, sendParts, startBoth } from './raw-grpc.ts';

const MESSAGE = toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { userId: USER_ID }));
const FRAME = frameOf(MESSAGE);
const MESSAGE_BYTES = 4_096;

const FAILURES: Readonly<Record<string, () => Error>> = {
  refusal: () => new DomainError('USER_NOT_FOUND', 'no user "ü" 100 %\nhere'),
  status: () => new ConnectError('not now', Code.Unavailable, { 'x-why': 'tests', 'x-why-bin': 'AAEC' }),
  defect: () => new TypeError('a defect'),
};

/** GetUser does what its header x-do says. */
const users: TestServerOptions['users'] = {
  async getUser({ userId }, { requestHeader, responseHeader, responseTrailer, signal }) {
    responseHeader.set('x-echo', requestHeader.get('x-send') ?? '');
    responseHeader.set('x-echo-bin', requestHeader.get('x-send-bin') ?? '');
    responseTrailer.set('x-last', 'trailer');
    const what = requestHeader.get('x-do') ?? '';
    if (what === 'wait') {
      await once(signal, 'abort');
    }
    if (what === 'answer much') {
      return { user: { id: userId, name: 'a'.repeat(100_000) } };
    }
    const failure = FAILURES[what];
    if (failure) {
      throw failure();
    }
    return { user: { id: userId } };
  },
};

type Act = (call: RawCall, server: TestServer) => unknown;

const sends =
  (...parts: Uint8Array[]): Act =>
  ({ stream }) =>
    sendParts(stream, parts);

/** Runs the case on both servers, and gives the answer when they agree. */
async function answerOfBoth(
  headers: OutgoingHttpHeaders,
  act: Act = sends(FRAME),
  options: TestServerOptions = {},
) {
  const { limits, ...others } = options;
  const servers = await startBoth({ users, limits: { messageBytes: MESSAGE_BYTES, ...limits }, ...others });
  const [fast, connect] = await Promise.all(
    [servers.fast, servers.connect].map(async (server) => {
      const call = openCall(openSession(server), headers);
      await act(call, server);
      const answer = await call.answer;
      return { answer, lines: callLines(server) };
    }),
  );
  expect(fast).toEqual(connect);
  return fast?.answer ?? expect.unreachable();
}

/** The server has what was sent when it has answered a later call. */
async function arrived(session: RawCall['session']): Promise<void> {
  const later = openCall(session, { ':path': '/nothing' });
  later.stream.end();
  expect(await later.answer).toMatchObject(failed(Code.Unimplemented));
}

const OK = { headers: { ':status': 200 }, trailers: { 'grpc-status': '0', 'x-last': 'trailer' }, rstCode: 0 };
const failed = (code: Code) => ({ headers: { 'grpc-status': `${code}` }, data: '', trailers: {} });

describe('a body', () => {
  test('is read wherever its frame is split', async () => {
    for (let at = 1; at < FRAME.length; at += 1) {
      const split = sends(FRAME.subarray(0, at), FRAME.subarray(at));
      expect(await answerOfBoth({}, split)).toMatchObject(OK);
    }
  });

  test('is read byte by byte', async () => {
    const bytes = Array.from(FRAME, (byte) => Uint8Array.of(byte));
    expect(await answerOfBoth({}, sends(...bytes))).toMatchObject(OK);
  });

  test.each<[string, Buffer[], Code]>([
    ['of two messages', [FRAME, FRAME], Code.Unimplemented],
    ['of two messages in one piece', [Buffer.concat([FRAME, FRAME])], Code.Unimplemented],
    ['of no message', [], Code.Unimplemented],
    ['of half a head', [FRAME.subarray(0, 3)], Code.InvalidArgument],
    ['of half a message', [FRAME.subarray(0, 9)], Code.InvalidArgument],
    ['with bytes after its message', [FRAME, Buffer.from([0])], Code.InvalidArgument],
    ['that is too large', [frameOf(new Uint8Array(MESSAGE_BYTES + 1))], Code.ResourceExhausted],
    ['that says it is too large', [Buffer.from('00ffffffff', 'hex')], Code.ResourceExhausted],
    ['whose message is no protobuf', [frameOf(Buffer.from('ffff', 'hex'))], Code.InvalidArgument],
    ['whose message is compressed in secret', [frameOf(gzipSync(MESSAGE), 1)], Code.InvalidArgument],
    ['whose message breaks a rule', [frameOf(Buffer.from('0a0161', 'hex'))], Code.InvalidArgument],
  ])('%s is refused', async (_, parts, code) => {
    expect(await answerOfBoth({}, sends(...parts))).toMatchObject(failed(code));
  });

  test('whose flags have an unknown bit is answered', async () => {
    expect(await answerOfBoth({}, sends(frameOf(MESSAGE, 2)))).toMatchObject(OK);
  });

  test('of the largest size is read', async () => {
    const padding = Buffer.concat([Buffer.from('a206', 'hex'), Buffer.from([0xc8, 0x1f])]);
    const message = Buffer.concat([MESSAGE, padding, Buffer.alloc(MESSAGE_BYTES - MESSAGE.length - 4)]);
    const large = frameOf(message.subarray(0, MESSAGE_BYTES));
    expect((await answerOfBoth({}, sends(large))).headers[':status']).toBe(200);
  });

  test('that is complete and does not end is answered when it ends', async () => {
    const answer = await answerOfBoth({}, async ({ stream, session }) => {
      stream.write(FRAME);
      await arrived(session);
      stream.end();
    });
    expect(answer).toMatchObject(OK);
  });

  test('that never ends is cut off at the longest deadline', async () => {
    const limits = { maximumDeadlineMs: 100 };
    const answer = await answerOfBoth({}, ({ stream }) => void stream.write(FRAME), { limits });
    expect(answer).toMatchObject({ headers: {}, data: '' });
  });
});

describe('compression', () => {
  const gzip = { 'grpc-encoding': 'gzip' };

  test.each<[string, OutgoingHttpHeaders, Buffer]>([
    ['by gzip', gzip, frameOf(gzipSync(MESSAGE), 1)],
    ['by gzip that a frame does not use', gzip, FRAME],
    ['by identity', { 'grpc-encoding': 'identity' }, FRAME],
    ['that the caller takes', { 'grpc-accept-encoding': 'deflate, gzip' }, FRAME],
    ['of a large answer', { 'grpc-accept-encoding': 'gzip', 'x-do': 'answer much' }, FRAME],
    ['that the server does not know for the answer', { 'grpc-accept-encoding': 'snappy' }, FRAME],
  ])('%s is understood', async (_, headers, frame) => {
    expect(await answerOfBoth(headers, sends(frame))).toMatchObject(OK);
  });

  test.each<[string, OutgoingHttpHeaders, Buffer, Code]>([
    ['that is unknown', { 'grpc-encoding': 'snappy' }, FRAME, Code.Unimplemented],
    ['that is damaged', gzip, frameOf(MESSAGE, 1), Code.InvalidArgument],
    ['of too large a message', gzip, frameOf(gzipSync(Buffer.alloc(100_000)), 1), Code.ResourceExhausted],
  ])('%s is refused', async (_, headers, frame, code) => {
    expect(await answerOfBoth(headers, sends(frame))).toMatchObject(failed(code));
  });
});

describe('a timeout', () => {
  test.each(['1H', '10M', '20S', '30000m', '30000000u', '99999999n', '99999999H'])(
    'of %s is taken',
    async (timeout) => {
      expect(await answerOfBoth({ 'grpc-timeout': timeout })).toMatchObject(OK);
    },
  );

  test.each(['5', '5x', '123456789S', '-1S', '1.5S', ''])('of "%s" is refused', async (timeout) => {
    expect(await answerOfBoth({ 'grpc-timeout': timeout })).toMatchObject(failed(Code.InvalidArgument));
  });

  test.each(['0m', '90m', '90000u', '90000000n'])('of %s ends a call that takes longer', async (timeout) => {
    const answer = await answerOfBoth({ 'grpc-timeout': timeout, 'x-do': 'wait' });
    expect(answer).toMatchObject(failed(Code.DeadlineExceeded));
  });

  test('that passes before the body has ended ends the call after it', async () => {
    const answer = await answerOfBoth({ 'grpc-timeout': '30m' }, async ({ stream }, server) => {
      stream.write(FRAME.subarray(0, 7));
      await expect.poll(() => callLines(server)).toMatchObject([{ code: 'DeadlineExceeded' }]);
      server.logged.length = 0;
      stream.end(FRAME.subarray(7));
    });
    expect(answer).toMatchObject(failed(Code.DeadlineExceeded));
  });
});

describe('a caller that cancels', () => {
  const CANCEL = 8;
  const isLogged = (server: TestServer) => expect.poll(() => callLines(server).length).toBe(1);

  test.each<[string, OutgoingHttpHeaders, Buffer | undefined]>([
    ['before its body', {}, undefined],
    ['within its body', {}, FRAME.subarray(0, 8)],
    ['while its call runs', { 'x-do': 'wait' }, FRAME],
  ])('%s has its call ended', async (_, headers, sent) => {
    const answer = await answerOfBoth(headers, async ({ stream, session }, server) => {
      if (sent === FRAME) {
        stream.end(sent);
      } else if (sent) {
        stream.write(sent);
      }
      await arrived(session);
      stream.close(CANCEL);
      await isLogged(server);
    });
    expect(answer).toMatchObject({ headers: {}, data: '', rstCode: CANCEL });
  });

  test('after its answer changes nothing', async () => {
    const answer = await answerOfBoth({}, async ({ stream }) => {
      stream.end(FRAME);
      await once(stream, 'trailers');
      stream.close(CANCEL);
    });
    expect(answer).toMatchObject({ trailers: OK.trailers });
  });
});

describe('metadata', () => {
  test.each<[string, OutgoingHttpHeaders, Record<string, unknown>]>([
    ['that is binary', { 'x-send-bin': 'AP8QgA==' }, { 'x-echo-bin': 'AP8QgA==' }],
    ['that is large', { 'x-send': 'a'.repeat(6_000) }, { 'x-echo': 'a'.repeat(6_000) }],
    ['that comes twice', { 'x-send': ['one', 'two'] }, { 'x-echo': 'one, two' }],
  ])('%s arrives and comes back', async (_, headers, expected) => {
    expect(await answerOfBoth(headers)).toMatchObject({ ...OK, headers: expected });
  });

  test('that is too large is refused', async () => {
    const answer = await answerOfBoth({ 'x-send': 'a'.repeat(9_000) });
    expect(answer.headers[':status']).not.toBe(200);
  });
});

describe('a failure', () => {
  test.each<[string, Code]>([
    ['refusal', Code.NotFound],
    ['status', Code.Unavailable],
    ['defect', Code.Internal],
  ])('by a %s comes as trailers only, with its details', async (what, code) => {
    const answer = await answerOfBoth({ 'x-do': what });
    expect(answer).toMatchObject(failed(code));
    expect(answer.headers['grpc-status-details-bin']).toEqual(expect.any(String));
  });
});

describe('a call that is not plain', () => {
  test.each<[string, OutgoingHttpHeaders, Record<string, unknown>]>([
    ['of an unknown method', { ':path': '/progression.v1.UserService/Nothing' }, { 'grpc-status': '12' }],
    ['of a method without an implementation', { ':path': '/progression.v1.UserService/ListUsers' }, {}],
    ['with a query', { ':path': '/progression.v1.UserService/GetUser?a=b' }, { ':status': 200 }],
    ['in text', { 'content-type': 'text/plain' }, { ':status': 415 }],
    ['in gRPC-Web', { 'content-type': 'application/grpc-web+proto' }, { ':status': 200 }],
    ['in JSON', { 'content-type': 'application/grpc+json' }, { ':status': 200 }],
    ['with a parameter', { 'content-type': 'application/grpc;charset=utf-8' }, { ':status': 415 }],
    ['by GET', { ':method': 'GET' }, { ':status': 415 }],
    ['to a host that no URL can have', { ':authority': 'host:port' }, { ':status': 400 }],
  ])('%s is answered as without the fast path', async (_, headers, expected) => {
    const act: Act = headers[':method'] === 'GET' ? () => undefined : sends(FRAME);
    expect((await answerOfBoth(headers, act)).headers).toMatchObject(expected);
  });

  test.each<[string, OutgoingHttpHeaders, boolean]>([
    ['application/grpc', {}, true],
    ['application/grpc+proto', { 'content-type': 'application/grpc+proto' }, true],
    ['gzip', { 'grpc-encoding': 'gzip', 'grpc-accept-encoding': 'identity,gzip' }, true],
    ['a timeout', { 'grpc-timeout': '10S' }, true],
    ['a GET', { ':method': 'GET' }, false],
    ['JSON', { 'content-type': 'application/grpc+json' }, false],
    ['an unknown compression', { 'grpc-encoding': 'snappy' }, false],
    ['a timeout that has passed', { 'grpc-timeout': '0m' }, false],
    ['a timeout without a unit', { 'grpc-timeout': '10' }, false],
    ['a host that no URL can have', { ':authority': 'host:port' }, false],
  ])('is told by its headers: %s', (_, headers, isPlain) => {
    const plain = {
      ':method': 'POST',
      ':path': '/a.B/C',
      ':authority': 'host:80',
      'content-type': 'application/grpc',
    };
    const sent = { ...plain, ...headers } as Record<string, string>;
    expect(plainCallOf(sent, COMPRESSIONS) !== undefined).toBe(isPlain);
  });
});

describe('a connection', () => {
  test('that its caller is leaving answers the call that runs', async () => {
    const answer = await answerOfBoth(
      { 'grpc-timeout': '90m', 'x-do': 'wait' },
      async ({ stream, session }) => {
        stream.end(FRAME);
        await arrived(session);
        session.goaway();
      },
    );
    expect(answer).toMatchObject(failed(Code.DeadlineExceeded));
  });

  test('that drains answers the call that runs', async () => {
    const answer = await answerOfBoth(
      { 'grpc-timeout': '90m', 'x-do': 'wait' },
      async ({ stream, session }, server) => {
        stream.end(FRAME);
        await arrived(session);
        void server.close();
      },
    );
    expect(answer).toMatchObject(failed(Code.DeadlineExceeded));
  });

  test('whose flow-control window is shut has its answer when it opens', async () => {
    const { fast, connect } = await startBoth({ users });
    const [byFast, byConnect] = await Promise.all(
      [fast, connect].map(async (server) => {
        const session = openSession(server, { settings: { initialWindowSize: 0 } });
        await once(session, 'localSettings');
        const { stream, answer } = openCall(session, { 'x-do': 'answer much' });
        let received = 0;
        stream.on('data', (chunk: Buffer) => {
          received += chunk.length;
        });
        stream.end(FRAME);
        await once(stream, 'response');
        expect(received).toBe(0);
        session.settings({ initialWindowSize: 65_535 });
        return answer;
      }),
    );
    expect(byFast).toEqual(byConnect);
    expect(byFast).toMatchObject(OK);
    expect(byFast?.data.length).toBeGreaterThan(200_000);
  });
});
