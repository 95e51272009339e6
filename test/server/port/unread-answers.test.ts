/** Callers that do not read their answers: what waits for them is bounded, and they are cut off. */
import { EventEmitter, once } from 'node:events';
import http2 from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import { createClient, createContextValues } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { EventService } from '../../../src/gen/automation/v1/event_service_pb.ts';
import { GetUserRequestSchema, UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { type Principal, principalKey } from '../../../src/server/access/principal.ts';
import { createAnswerMemoryInterceptor } from '../../../src/server/admission/answer-memory.ts';
import {
  createUnreadAnswers,
  PIECE_BYTES,
  type UnreadAnswers,
} from '../../../src/server/port/unread-answers.ts';
import { startTestServer, type TestServer, type TestServerOptions, USER_ID } from '../test-server.ts';
import { frameOf, GET_USER, openSession } from './raw-grpc.ts';

const ACCOUNT = '0198c2a4-0000-7000-8000-00000000000a';
const OTHER_ACCOUNT = '0198c2a4-0000-7000-8000-00000000000b';
const MIB = 1024 * 1024;
const SOON_MS = 30_000;
const request = frameOf(toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { userId: USER_ID })));

/** Answers with a name of this size. */
function startLarge(bytes: number, options: TestServerOptions = {}): Promise<TestServer> {
  const getUser = () => ({ user: { id: USER_ID, name: 'x'.repeat(bytes) } });
  return startTestServer({ users: { getUser }, ...options });
}

/** Lines that tell of a caller that was cut off. */
const cutOff = ({ logged }: TestServer) => logged.filter(({ msg }) => msg === 'answer was not read');

/** A call whose caller takes this many bytes and no more. */
function callWithWindow(
  server: TestServer,
  initialWindowSize: number,
  headers: Record<string, string> = {},
  body: Uint8Array = request,
): http2.ClientHttp2Stream {
  const session = openSession(server, { settings: { initialWindowSize } });
  const stream = session.request({
    ...{ ':method': 'POST', ':path': GET_USER, 'content-type': 'application/grpc', te: 'trailers' },
    ...{ 'x-account-id': ACCOUNT, ...headers },
  });
  stream.on('error', () => {});
  stream.pause();
  stream.end(body);
  return stream;
}

const closed = (stream: http2.ClientHttp2Stream) =>
  new Promise<void>((resolve) => {
    stream.once('close', resolve);
  });

const PROTOCOLS: readonly (readonly [string, Record<string, string>])[] = [
  ['gRPC', {}],
  ['gRPC-Web', { 'content-type': 'application/grpc-web+proto' }],
];

describe.each(PROTOCOLS)('a caller of %s over HTTP/2', (_, headers) => {
  test.each([
    ['a small answer', 100],
    ['a large answer', MIB],
  ])('that reads nothing of %s is cut off with a reason', async (__, bytes) => {
    const server = await startLarge(bytes, { limits: { unreadAnswerMs: 500 } });
    const stream = callWithWindow(server, 0, headers);

    await closed(stream);

    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(cutOff(server)).toMatchObject([
      { path: GET_USER, limit: 'unreadAnswerMs', callId: expect.any(String) },
    ]);
  });
});

test(
  'a caller that reads slowly gets the whole answer',
  async () => {
    const unreadAnswerMs = 2_000;
    const server = await startLarge(MIB / 2, { limits: { unreadAnswerMs } });
    const stream = callWithWindow(server, 64 * 1024);
    let received = 0;
    const beganMs = performance.now();
    for await (const chunk of stream) {
      received += chunk.length;
      // A piece takes a fifth of the time that a caller has for it, and the answer more than all of it.
      await delay(400);
    }

    expect(received).toBeGreaterThan(MIB / 2);
    expect(performance.now() - beganMs).toBeGreaterThan(unreadAnswerMs);
    expect(cutOff(server)).toEqual([]);
  },
  SOON_MS,
);

/** A JSON call over HTTP/1.1 whose caller reads nothing. */
async function callOverHttp1(server: TestServer): Promise<Socket> {
  const socket = connect(server.port, server.host);
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  socket.pause();
  const body = JSON.stringify({ userId: USER_ID });
  const head = [`POST ${GET_USER} HTTP/1.1`, 'host: test', 'content-type: application/json'];
  socket.write(
    [...head, `x-account-id: ${ACCOUNT}`, `content-length: ${body.length}`, '', body].join('\r\n'),
  );
  return socket;
}

test(
  'a caller over HTTP/1.1 that reads nothing is cut off, and a further call of it is answered',
  async () => {
    // More than the kernel's buffers on both sides take.
    const server = await startLarge(32 * MIB, { limits: { unreadAnswerMs: 500, concurrentCalls: 1 } });
    const socket = await callOverHttp1(server);
    socket.on('error', () => {});

    await expect
      .poll(() => cutOff(server), { timeout: SOON_MS })
      .toMatchObject([{ limit: 'unreadAnswerMs' }]);
    const users = createClient(UserService, createGrpcTransport({ baseUrl: server.url }));
    const { user } = await users.getUser({ userId: USER_ID }, { headers: { 'x-account-id': ACCOUNT } });

    expect(user?.id).toBe(USER_ID);
  },
  SOON_MS,
);

describe('while answers that are not read are too large together', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** The answer of an account whose caller has taken nothing of it yet. */
  function startAnswer(answers: UnreadAnswers, accountId: string, bytes: number) {
    const wire = Object.assign(new EventEmitter(), {
      writableLength: PIECE_BYTES,
      close: vi.fn(),
      destroy: () => wire.emit('close'),
    });
    const values = createContextValues().set(principalKey, { accountId } as Principal);
    const sent = answers.follow(wire as never, GET_USER, values);
    const pieces = sent.inPieces([new Uint8Array(bytes)]);
    return { wire, take: () => pieces.next() };
  }

  test('their accounts get no further ones and others do, and the largest is cut off', async () => {
    const lines: object[] = [];
    const logger = { info: (line: object) => lines.push(line) } as never;
    const limits = { unreadAnswerMs: 60_000, unreadAnswerBytes: 5 * PIECE_BYTES };
    const answers = createUnreadAnswers(limits, logger);
    const small = startAnswer(answers, ACCOUNT, 2 * PIECE_BYTES);
    await small.take();
    expect(answers.areTooLarge(ACCOUNT)).toBe(false);

    const large = startAnswer(answers, ACCOUNT, 4 * PIECE_BYTES);
    await large.take();
    expect(answers.areTooLarge(ACCOUNT)).toBe(true);
    expect(answers.areTooLarge(OTHER_ACCOUNT)).toBe(false);
    vi.advanceTimersByTime(2_000);

    expect(lines).toMatchObject([{ limit: 'unreadAnswerBytes', unreadBytes: 4 * PIECE_BYTES }]);
    expect(large.wire.close).toHaveBeenCalledExactlyOnceWith(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(small.wire.close).not.toHaveBeenCalled();
    expect(answers.areTooLarge(ACCOUNT)).toBe(false);
  });

  test('a caller that takes some of its answer is not cut off', async () => {
    const lines: object[] = [];
    const limits = { unreadAnswerMs: 60_000, unreadAnswerBytes: PIECE_BYTES };
    const answers = createUnreadAnswers(limits, { info: (line: object) => lines.push(line) } as never);
    const { take } = startAnswer(answers, ACCOUNT, 10 * PIECE_BYTES);
    await take();
    for (let second = 0; second < 5; second += 1) {
      await take();
      vi.advanceTimersByTime(1_000);
    }

    expect(lines).toEqual([]);
  });
});

test('an account with too many answers that it has not read is refused with a reason', async () => {
  const interceptor = createAnswerMemoryInterceptor(
    { areTooLarge: (accountId) => accountId === ACCOUNT },
    { unreadAnswerBytes: 5 },
  );
  const call = (accountId: string) => {
    const contextValues = createContextValues().set(principalKey, { accountId } as Principal);
    return interceptor(async () => 'answered' as never)({ contextValues } as never);
  };

  expect(await call(OTHER_ACCOUNT)).toBe('answered');
  expect(() => call(ACCOUNT)).toThrow(
    expect.objectContaining({
      reason: 'RATE_LIMITED',
      metadata: { quota: 'unreadAnswerBytes', mostBytes: '5' },
    }),
  );
});

describe('a stream whose reader reads nothing', () => {
  const BYTES = 16 * 1024;

  test('asks for no further message than fits into its buffers, and ends', async () => {
    let made = 0;
    let ended = false;
    const server = await startTestServer({
      limits: { unreadAnswerMs: 500 },
      routes(router) {
        router.service(EventService, {
          async *watchEvents() {
            try {
              for (;;) {
                made += 1;
                yield { resumeToken: 'x'.repeat(BYTES) };
              }
            } finally {
              ended = true;
            }
          },
        });
      },
    });
    const path = { ':path': '/automation.v1.EventService/WatchEvents' };
    const stream = callWithWindow(server, 0, path, frameOf(new Uint8Array()));

    await closed(stream);

    expect(stream.rstCode).toBe(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
    await expect.poll(() => ended).toBe(true);
    expect(made).toBeLessThan(10);
  });
});
