/** A process with a small heap refuses what it cannot hold, and lives. */
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, expect, test } from 'vitest';
import { EventService } from '../../src/gen/automation/v1/event_service_pb.ts';
import { RetryInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { type ServiceProcess, startCommand } from '../support/service-process.ts';
import { useTestDatabase } from '../support/test-database.ts';

const db = useTestDatabase();
const BATCHES_AT_ONCE = 24;
const EVENTS = 500;
/** With these fields 500 events are a message of almost 1 MiB, and its objects many times as much. */
const FIELDS = 85;
const data = Object.fromEntries(Array.from({ length: FIELDS }, (_, field) => [`f${field}`, field]));
let service: ServiceProcess | undefined;
afterEach(async () => {
  service?.child.kill('SIGKILL');
  await service?.ended;
});

test('24 of the largest batches at once are refused or answered by a process with a heap of 96 MiB', async () => {
  service = startCommand(['serve'], {
    ...{ DATABASE_URL: db.url, NODE_OPTIONS: '--max-old-space-size=96', LOG_LEVEL: 'error' },
  });
  const { child } = service;
  const [baseUrl = ''] = /http:\S+/.exec(await service.firstLine) ?? [];
  const transport = createGrpcTransport({ baseUrl });
  const users = createClient(UserService, transport);
  const accountId = uuidv7();
  const as = () => ({
    headers: { 'x-account-id': accountId, 'idempotency-key': uuidv7() },
    timeoutMs: 120_000,
  });
  const { user } = await users.createUser({ name: 'One' }, as());
  const userId = user?.id ?? '';
  const publish = async () => {
    const batch = Array.from({ length: EVENTS }, () => ({
      ...{ id: uuidv7(), type: 'payment_received', userId, data },
    }));
    try {
      // On a connection of its own: one connection may not hold so many messages.
      await createClient(EventService, createGrpcTransport({ baseUrl })).publishEvents(
        { events: batch },
        as(),
      );
      return undefined;
    } catch (error) {
      return ConnectError.from(error);
    }
  };

  const outcomes = await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, publish));

  expect(child.exitCode).toBeNull();
  const refusals = outcomes.filter((outcome) => outcome !== undefined);
  expect(refusals.length).toBeGreaterThan(0);
  for (const refusal of refusals) {
    expect([Code[refusal.code], refusal.message]).toEqual(['ResourceExhausted', expect.any(String)]);
    expect(refusal.findDetails(RetryInfoSchema)).toHaveLength(1);
  }
  // One batch alone is answered.
  expect(await publish()).toBeUndefined();
  expect((await users.getUser({ userId }, as())).user?.id).toBe(userId);
}, 300_000);
