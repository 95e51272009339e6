/** Messages are checked before anything else is looked at, and a batch is not refused for one of its events. */
import { Code, createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { expect, test } from 'vitest';
import { ProgressionService } from '../../../src/gen/progression/v1/progression_service_pb.ts';
import { failureOf, startTestServer, USER_ID } from '../test-server.ts';

async function startProgressions() {
  const handled: string[] = [];
  const server = await startTestServer({
    progressions: {
      logSets() {
        handled.push('logSets');
        return {};
      },
      batchHandleTriggers({ triggers }) {
        handled.push(...triggers.map(({ requestId }) => requestId));
        return {};
      },
    },
  });
  const transport = createConnectTransport({ baseUrl: server.url, httpVersion: '1.1' });
  return { handled, progressions: createClient(ProgressionService, transport) };
}

test('a request is refused with every field that is wrong, before its handler runs', async () => {
  const { handled, progressions } = await startProgressions();
  const call = progressions.logSets({ userId: USER_ID, sessionId: '', sets: [{ weight: '1e3' }] });
  const { code, reason, violations } = await failureOf(call);
  expect({ code, reason }).toEqual({ code: Code.InvalidArgument, reason: 'VALIDATION_FAILED' });
  expect(violations?.map(({ field }) => field)).toEqual([
    'session_id',
    'sets[0].lift_id',
    'sets[0].set_number',
    'sets[0].kind',
    'sets[0].weight',
    'sets[0].target_reps',
    'sets[0].reps_performed',
  ]);
  expect(handled).toEqual([]);
});

test('the message is validated before its request ID', async () => {
  const { progressions } = await startProgressions();
  const call = progressions.logSets({}, { headers: { 'idempotency-key': 'malformed' } });
  expect(await failureOf(call)).toMatchObject({ reason: 'VALIDATION_FAILED' });
});

test('a batch runs although one of its events is malformed: the answer to that event says so', async () => {
  const { handled, progressions } = await startProgressions();
  await progressions.batchHandleTriggers({ triggers: [{ requestId: USER_ID }, { requestId: 'malformed' }] });
  expect(handled).toEqual([USER_ID, 'malformed']);
});

test('an empty batch, or one above the limit, is refused as a whole', async () => {
  const { handled, progressions } = await startProgressions();
  for (const length of [0, 501]) {
    const triggers = Array.from({ length }, () => ({ requestId: USER_ID }));
    const { violations } = await failureOf(progressions.batchHandleTriggers({ triggers }));
    expect(violations?.map(({ field }) => field)).toEqual(['triggers']);
  }
  expect(handled).toEqual([]);
});
