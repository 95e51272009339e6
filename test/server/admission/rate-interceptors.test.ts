/** Callers beyond their rate, over a real connection: the quota and the retry delay that they are told, and other callers. */
import { Code, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { unauthenticated } from '../../../src/server/access/principal.ts';
import { failureOf, startTestServer, type TestServerOptions, USER_ID } from '../test-server.ts';

async function startLimited(options: TestServerOptions) {
  const handled: string[] = [];
  const { url } = await startTestServer({
    ...options,
    users: {
      getUser(_, { requestHeader }) {
        handled.push(`${requestHeader.get('x-account-id')}`);
        return {};
      },
    },
  });
  const users = createClient(UserService, createGrpcTransport({ baseUrl: url }));
  const call = (accountId: string) =>
    users.getUser({ userId: USER_ID }, { headers: { 'x-account-id': accountId } });
  return { handled, call };
}

describe('an account', () => {
  test('beyond its rate is told the quota and a retry delay; another account is served', async () => {
    const { handled, call } = await startLimited({ limits: { accountCallsPerSecond: 1 } });
    const [greedy, modest] = [uuidv7(), uuidv7()];
    await call(greedy);
    await call(greedy);

    const refusal = await failureOf(call(greedy));
    expect(refusal).toMatchObject({
      code: Code.ResourceExhausted,
      reason: 'RATE_LIMITED',
      metadata: { quota: 'accountCallsPerSecond', perSecond: '1' },
    });
    expect(refusal.retryDelay?.seconds).toBe(0n);
    expect(refusal.retryDelay?.nanos).toBeGreaterThan(500_000_000);
    await call(modest);
    expect(handled).toEqual([greedy, greedy, modest]);
  });
});

describe('an address', () => {
  test('beyond its rate is refused for every account', async () => {
    const { handled, call } = await startLimited({ limits: { peerCallsPerSecond: 1 } });
    await call(uuidv7());
    await call(uuidv7());

    expect(await failureOf(call(uuidv7()))).toMatchObject({
      code: Code.ResourceExhausted,
      reason: 'RATE_LIMITED',
      metadata: { quota: 'peerCallsPerSecond', perSecond: '1' },
    });
    expect(handled).toHaveLength(2);
  });

  test('that guesses credentials is refused before they are checked', async () => {
    let guesses = 0;
    const { call } = await startLimited({
      limits: { peerCallsPerSecond: 1 },
      authenticate() {
        guesses += 1;
        throw unauthenticated('no');
      },
    });
    const reasons: (string | undefined)[] = [];
    for (let i = 0; i < 4; i += 1) {
      reasons.push((await failureOf(call(uuidv7()))).reason);
    }
    expect(reasons).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED', 'RATE_LIMITED', 'RATE_LIMITED']);
    expect(guesses).toBe(2);
  });
});
