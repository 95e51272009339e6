/** More calls at a time than fit: refused in each protocol with the whole error, unread; and health is not one of them. */
import { Code, createClient } from '@connectrpc/connect';
import { describe, expect, test } from 'vitest';
import { Health, HealthCheckResponse_ServingStatus } from '../../src/gen/health/v1/health_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import type { CallEnd } from '../../src/server/call-observer.ts';
import { failureOf, startTestServer, TRANSPORTS, USER_ID } from './test-server.ts';

/** One call fits, and runs until it is told to end. */
async function startFullServer(ends: CallEnd[] = []) {
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const { promise: started, resolve: start } = Promise.withResolvers<void>();
  const server = await startTestServer({
    limits: { concurrentCalls: 1 },
    calls: { start: () => ({ traceId: undefined, end: (end) => void ends.push(end) }) },
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
  test('one call too many is refused with its reason and when to come back, and fits later', async () => {
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

test('health is answered however many calls are under way', async () => {
  const { server, started, finish } = await startFullServer();
  const transport = TRANSPORTS['gRPC over HTTP/2']?.(server.url) ?? expect.unreachable();
  const running = createClient(UserService, transport).getUser({ userId: USER_ID });
  await started;
  const { status } = await createClient(Health, transport).check({ service: '' });
  expect(status).toBe(HealthCheckResponse_ServingStatus.SERVING);
  finish();
  await running;
});
