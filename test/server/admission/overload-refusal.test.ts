/**
 * More calls than there is room for: refused in each protocol with the whole error, unread; and health is not one of
 * them.
 */
import { once } from 'node:events';
import http2 from 'node:http2';
import { connect } from 'node:net';
import { Code, createClient } from '@connectrpc/connect';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Health, HealthCheckResponse_ServingStatus } from '../../../src/gen/health/v1/health_pb.ts';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { type CallEnd, UNOBSERVED } from '../../../src/server/interceptors/call-observer.ts';
import { failureOf, startTestServer, TRANSPORTS, USER_ID } from '../test-server.ts';

/** A server with one slot, whose call runs until the test ends it. */
async function startFullServer(ends: CallEnd[] = []) {
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const { promise: started, resolve: start } = Promise.withResolvers<void>();
  const server = await startTestServer({
    limits: { concurrentCalls: 1 },
    calls: { start: (call) => ({ ...UNOBSERVED.start(call), end: (end) => void ends.push(end) }) },
    users: {
      async getUser() {
        start();
        await finished;
        return {};
      },
    },
  });
  return { server, started, finish };
}

describe.each(Object.entries(TRANSPORTS))('over %s', (_, transport) => {
  test('a call above the limit is refused with a reason and a retry delay, and is admitted later', async () => {
    const ends: CallEnd[] = [];
    const { server, started, finish } = await startFullServer(ends);
    const users = createClient(UserService, transport(server.url));
    const first = users.getUser({ userId: USER_ID });
    await started;

    const refusal = await failureOf(users.getUser({ userId: USER_ID }));
    expect(refusal).toMatchObject({
      code: Code.Unavailable,
      reason: 'OVERLOADED',
      metadata: { limit: 'concurrentCalls', most: '1' },
      retryDelay: { nanos: 250_000_000 },
    });
    expect(ends).toEqual([{ code: Code.Unavailable, reason: 'OVERLOADED', durationMs: 0 }]);
    finish();
    await first;
    await expect
      .poll(() =>
        users.getUser({ userId: USER_ID }).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });
});

describe('a call that its method cannot admit', () => {
  test.each(Object.entries(TRANSPORTS))(
    'over %s is refused before the method is called',
    async (_, transport) => {
      const asked: [string, number][] = [];
      const server = await startTestServer({
        limits: { defaultDeadlineMs: 2_000, maximumDeadlineMs: 3_000 },
        exceededLimit({ name }, timeoutMs) {
          asked.push([name, timeoutMs]);
          return timeoutMs < 1_000 ? 'queueWaitMs' : undefined;
        },
        users: { getUser: ({ userId }) => ({ user: { id: userId } }) },
      });
      const users = createClient(UserService, transport(server.url));
      const getUser = (timeoutMs?: number) =>
        users.getUser({ userId: USER_ID }, timeoutMs === undefined ? {} : { timeoutMs });

      await getUser();
      await getUser(60_000);
      expect(asked).toEqual([
        ['GetUser', 2_000],
        ['GetUser', 3_000],
      ]);
      expect(await failureOf(getUser(500))).toMatchObject({
        code: Code.Unavailable,
        reason: 'OVERLOADED',
        metadata: { limit: 'queueWaitMs', most: '500' },
        retryDelay: { nanos: 250_000_000 },
      });
      expect(server.logged.filter(({ msg }) => msg === 'call')).toHaveLength(2);
    },
  );
});

test('health checks are answered at the limit of calls', async () => {
  const { server, started, finish } = await startFullServer();
  const transport = TRANSPORTS['gRPC over HTTP/2']?.(server.url) ?? expect.unreachable();
  const running = createClient(UserService, transport).getUser({ userId: USER_ID });
  await started;
  const { status } = await createClient(Health, transport).check({ service: '' });
  expect(status).toBe(HealthCheckResponse_ServingStatus.SERVING);
  finish();
  await running;
});

describe('a call refused over HTTP/2', () => {
  const PATH = '/progression.v1.UserService/GetUser';

  /** A server without a free slot, and a check that it still serves: the call in the slot is answered. */
  async function startOccupiedServer() {
    const { server, started, finish } = await startFullServer();
    const transport = TRANSPORTS['gRPC over HTTP/2']?.(server.url) ?? expect.unreachable();
    const first = createClient(UserService, transport).getUser({ userId: USER_ID });
    await started;
    const expectServing = async () => {
      finish();
      await first;
    };
    return { server, expectServing };
  }

  test('is answered by headers alone, before its message is there, and does not keep its stream', async () => {
    const { server, expectServing } = await startOccupiedServer();
    const session = http2.connect(server.url);
    onTestFinished(() => session.destroy());
    const headers = { ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc+proto' };
    const stream = session.request(headers).resume();
    const closed = once(stream, 'close');

    const [response] = await once(stream, 'response');
    expect(response).toMatchObject({ ':status': 200, 'grpc-status': String(Code.Unavailable) });
    expect(response['grpc-status-details-bin']).toBeTruthy();
    expect(stream.writableEnded).toBe(false);
    await closed;
    await expectServing();
  });

  test('does not affect other calls when its connection breaks the protocol', async () => {
    const { server, expectServing } = await startOccupiedServer();
    const socket = connect(server.port, server.host);
    onTestFinished(() => void socket.destroy());
    // POST, http, the path, the host `a`: all that a call needs; and then PROTOCOL_ERROR.
    const fields = Buffer.concat([
      Buffer.from([0x83, 0x86, 0x04, PATH.length]),
      Buffer.from(`${PATH}\x01\x01a`),
    ]);
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(Buffer.from('000000040000000000', 'hex'));
    socket.write(Buffer.concat([Buffer.from([0, 0, fields.length, 1, 4, 0, 0, 0, 1]), fields]));
    socket.write(Buffer.from('00000403000000000100000001', 'hex'));
    // PING, whose answer comes when all of that has been seen.
    socket.write(Buffer.from('0000080600000000000102030405060708', 'hex'));
    await expect
      .poll(() => (socket.read() as Buffer | null)?.includes('0102030405060708', 0, 'hex'))
      .toBe(true);
    await expectServing();
  });
});
