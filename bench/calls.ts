/** The calls of the load, as bare as they can be: gRPC frames over an HTTP/2 session. */
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { create, toBinary } from '@bufbuild/protobuf';
import { v4 as uuidv4 } from 'uuid';
import {
  BatchHandleTriggersRequestSchema,
  HandleSessionCompleteRequestSchema,
} from '../src/gen/progression/v1/progression_service_pb.ts';
import { ACCOUNT_ID, liftIds } from './fixture.ts';

export type Method = 'HandleSessionComplete' | 'BatchHandleTriggers';

export interface Ended {
  /** The gRPC status; 0: answered. */
  readonly status: string | undefined;
  readonly body: Buffer;
}

/** Reports a new session of each of these athletes with so many lifts, in one call. Rejects when the stream breaks. */
export function reportSessions(
  session: ClientHttp2Session,
  method: Method,
  users: readonly string[],
  lifts: number,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': `/progression.v1.ProgressionService/${method}`,
      'content-type': 'application/grpc+proto',
      te: 'trailers',
      'x-account-id': ACCOUNT_ID,
      'idempotency-key': uuidv4(),
    });
    const chunks: Buffer[] = [];
    let status: string | undefined;
    const note = (headers: IncomingHttpHeaders) => {
      status = (headers['grpc-status'] as string | undefined) ?? status;
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => resolve({ status, body: Buffer.concat(chunks) }));
    stream.end(
      frameOf(
        method === 'BatchHandleTriggers' ? batchMessage(users, lifts) : sessionMessage(users[0] ?? '', lifts),
      ),
    );
  });
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
function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}
