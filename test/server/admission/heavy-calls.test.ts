/** Large calls over a real connection: their budget, turns over accounts, and light calls beside them. */
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { v7 as uuidv7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { EventService } from '../../../src/gen/automation/v1/event_service_pb.ts';
import { ProgressionService } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';
import { callsIn, heavyUnitsOf } from '../../../src/server/admission/call-weight.ts';
import { failureOf, startTestServer, USER_ID } from '../test-server.ts';

/** A server whose exports end when the test says so. */
async function startHeld(limits: Readonly<Record<string, number>>) {
  const begun: string[] = [];
  const held = Promise.withResolvers<void>();
  const { url } = await startTestServer({
    limits,
    users: {
      getUser: () => ({}),
      async exportUserData(_, { requestHeader }) {
        begun.push(`${requestHeader.get('x-account-id')}`);
        await held.promise;
        return {};
      },
    },
  });
  const users = createClient(UserService, createGrpcTransport({ baseUrl: url }));
  const of = (accountId: string) => ({ headers: { 'x-account-id': accountId } });
  return {
    begun,
    exportOf: (accountId: string) => users.exportUserData({ userId: USER_ID }, of(accountId)),
    read: (accountId: string) => users.getUser({ userId: USER_ID }, of(accountId)),
    endAll: () => held.resolve(),
  };
}

describe('large calls', () => {
  test('of an account wait for each other, and hold back neither another account’s nor its own small ones', async () => {
    const { begun, exportOf, read, endAll } = await startHeld({ waitingHeavyCallsPerAccount: 2 });
    const [large, light] = [uuidv7(), uuidv7()];
    const exports = Array.from({ length: 3 }, () => exportOf(large));
    await expect.poll(() => begun).toEqual([large]);

    await expect.poll(async () => (await failureOf(exportOf(large))).reason).toBe('OVERLOADED');
    exports.push(exportOf(light));
    await expect.poll(() => begun).toEqual([large, light]);
    await Promise.all([read(large), read(light)]);

    endAll();
    await Promise.all(exports);
    expect(begun).toEqual([large, light, large, large]);
  });

  test('weigh by what they hold or ask for', () => {
    const { publishEvents, listEvents } = EventService.method;
    const { batchHandleTriggers, getLiftMax } = ProgressionService.method;
    const weigh = (method: typeof publishEvents | typeof listEvents, fields: object) =>
      [callsIn, heavyUnitsOf].map((weight) => weight(method, fields as never));

    expect(weigh(publishEvents, { events: Array(500) })).toEqual([500, 4]);
    expect(weigh(publishEvents, { events: Array(130) })).toEqual([130, 2]);
    expect(weigh(publishEvents, { events: [] })).toEqual([1, 0]);
    expect(weigh(listEvents, { pageSize: 500 })).toEqual([1, 4]);
    expect(weigh(listEvents, { pageSize: 0 })).toEqual([1, 0]);
    expect(callsIn(batchHandleTriggers, { triggers: Array(7) } as never)).toBe(7);
    expect(heavyUnitsOf(getLiftMax, {} as never)).toBe(0);
  });
});
