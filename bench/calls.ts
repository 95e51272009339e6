/** The calls of the load: sessions of athletes, each reported for the first time. */
import { create, toBinary } from '@bufbuild/protobuf';
import { v4 as uuidv4 } from 'uuid';
import {
  BatchHandleTriggersRequestSchema,
  HandleSessionCompleteRequestSchema,
} from '../src/gen/progression/v1/progression_service_pb.ts';
import { liftIds } from './fixture.ts';

export type Method = 'HandleSessionComplete' | 'BatchHandleTriggers';

export function pathOf(method: Method): string {
  return `/progression.v1.ProgressionService/${method}`;
}

/** The request that reports a new session of each of these athletes with this number of lifts. */
export function reportOf(method: Method, users: readonly string[], lifts: number): Uint8Array {
  return method === 'BatchHandleTriggers'
    ? batchMessage(users, lifts)
    : sessionMessage(users[0] ?? '', lifts);
}

function sessionOf(user: string, lifts: number) {
  const session = { sessionId: uuidv4(), daySlug: 'a', weekNumber: 1, liftsPerformed: liftIds(lifts) };
  return create(HandleSessionCompleteRequestSchema, { userId: user, session });
}

function sessionMessage(user: string, lifts: number): Uint8Array {
  return toBinary(HandleSessionCompleteRequestSchema, sessionOf(user, lifts));
}

function batchMessage(users: readonly string[], lifts: number): Uint8Array {
  const triggers = users.map((user) => ({
    requestId: uuidv4(),
    event: { case: 'sessionComplete' as const, value: sessionOf(user, lifts) },
  }));
  return toBinary(BatchHandleTriggersRequestSchema, create(BatchHandleTriggersRequestSchema, { triggers }));
}

/** gRPC's frame: not compressed, length, message. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}
