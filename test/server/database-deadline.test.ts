/** The deadline of a call reaches the statement that runs for it: the database gives up when the caller does. */
import { Code, createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startService } from '../../src/commands/start-service.ts';
import { readConfig } from '../../src/config/config.ts';
import { MaxType } from '../../src/gen/progression/v1/common_pb.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { createLogger } from '../../src/server/logger.ts';
import type { RunningServer } from '../../src/server/server.ts';
import { createAthlete } from '../support/fixtures.ts';
import { expectWaiting, holdAthlete } from '../support/held-athlete.ts';
import { useTestDatabasePerTest } from '../support/test-database.ts';

const TIMEOUT_MS = 1_500;

const db = useTestDatabasePerTest();
let server: RunningServer;
beforeEach(async () => {
  server = await startService(readConfig({ PORT: '0' }), db.database, createLogger('silent'));
});
afterEach(async () => {
  await server.close();
});

test('a statement that waits for a lock ends at the deadline of its call, which can be retried', async () => {
  const observer = db.open();
  const athlete = await createAthlete(observer, { lifts: { squat: '100' } });
  const client = createClient(ProgressionService, createGrpcTransport({ baseUrl: server.url }));
  const request = {
    userId: athlete.userId,
    liftId: athlete.liftIds.squat,
    maxType: MaxType.TRAINING_MAX,
    value: '110',
  };
  const headers = { 'x-account-id': athlete.accountId, 'idempotency-key': uuidv7() };
  const held = await holdAthlete(observer, athlete);

  const call = client.setLiftMax(request, { headers, timeoutMs: TIMEOUT_MS });
  call.catch(() => {});
  await expectWaiting(observer, 1);
  await expect(call).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  await expectWaiting(observer, 0);
  await held.release();

  const { liftMax } = await client.setLiftMax(request, { headers });
  expect(liftMax).toMatchObject({ value: '110', version: 2 });
});
