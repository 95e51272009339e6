/** Batches of events, and their answers in words. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { v7 as uuidv7 } from 'uuid';
import { expect } from 'vitest';
import type {
  BatchTriggerResult,
  BatchTriggerSchema,
} from '../../src/gen/progression/v1/progression_service_pb.ts';
import { WITHOUT_REQUEST_ID } from './catalog-client.ts';
import type { Trainee } from './trainee.ts';

export type BatchedTrigger = MessageInitShape<typeof BatchTriggerSchema>;

/** A session of the athlete in which they squatted. */
export function squatSession(
  { athlete, liftId }: Pick<Trainee, 'athlete' | 'liftId'>,
  sessionId = uuidv7(),
  requestId = uuidv7(),
): BatchedTrigger {
  const session = { sessionId, daySlug: 'a', weekNumber: 1, liftsPerformed: [liftId('squat')] };
  return { requestId, event: { case: 'sessionComplete', value: { userId: athlete.userId, session } } };
}

/** Sends a batch in one call without a request ID of its own; `lines` are those of all results, or their reasons. */
export async function sendBatch(trainee: Trainee, triggers: readonly BatchedTrigger[]) {
  const options = { ...WITHOUT_REQUEST_ID, timeoutMs: 30_000 };
  const answer = await trainee.client.batchHandleTriggers({ triggers: [...triggers] }, options);
  expect(answer.results.map(({ requestId }) => requestId)).toEqual(
    triggers.map(({ requestId }) => requestId?.toLowerCase()),
  );
  return { ...answer, lines: answer.results.flatMap((result) => linesOf(trainee, result)) };
}

function linesOf(trainee: Trainee, { result }: BatchTriggerResult): string[] {
  switch (result.case) {
    case 'error':
      return [result.value.reason];
    case undefined:
      return [];
    default:
      return trainee.linesOf(result.value);
  }
}
