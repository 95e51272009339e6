/** The load: unary gRPC calls over one bare HTTP/2 connection, a fixed number in flight, for a fixed time. */
import { connect } from 'node:http2';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { v4 as uuidv4 } from 'uuid';
import {
  BatchHandleTriggersRequestSchema,
  BatchHandleTriggersResponseSchema,
  HandleSessionCompleteRequestSchema,
} from '../src/gen/progression/v1/progression_service_pb.ts';
import { ACCOUNT_ID, LIFT_IDS, userId } from './fixture.ts';

/** What a load run is told, as JSON in its first argument. */
export interface LoadOrder {
  readonly url: string;
  readonly method: 'HandleSessionComplete' | 'BatchHandleTriggers';
  readonly inFlight: number;
  readonly users: number;
  readonly eventsPerCall: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What it found, as JSON on stdout. */
export interface LoadResult {
  readonly eventsPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
}

const order: LoadOrder = JSON.parse(process.argv[2] ?? '{}');
process.stdout.write(JSON.stringify(await runLoad(order)));

async function runLoad({
  url,
  inFlight,
  warmUpMs,
  measureMs,
  eventsPerCall,
  ...rest
}: LoadOrder): Promise<LoadResult> {
  const session = connect(url);
  const call = callerOf(session, rest.method);
  const latenciesMs: number[] = [];
  let failed = 0;
  let nextUser = Math.floor(Math.random() * rest.users);
  const startMs = performance.now() + warmUpMs;
  const endMs = startMs + measureMs;
  const worker = async () => {
    while (performance.now() < endMs) {
      const users = Array.from({ length: eventsPerCall }, () => userId((nextUser++ % rest.users) + 1));
      const beganMs = performance.now();
      const failures = await call(users);
      const nowMs = performance.now();
      if (beganMs >= startMs && nowMs <= endMs) {
        latenciesMs.push(nowMs - beganMs);
        failed += failures;
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  session.close();
  latenciesMs.sort((a, b) => a - b);
  const at = (share: number) => latenciesMs[Math.floor(latenciesMs.length * share)] ?? Number.NaN;
  return {
    eventsPerSecond: (latenciesMs.length * eventsPerCall * 1000) / measureMs,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    failed,
  };
}

/** Makes one call and answers how many of its events failed. */
function callerOf(session: ReturnType<typeof connect>, method: LoadOrder['method']) {
  return (users: readonly string[]) =>
    new Promise<number>((resolve, reject) => {
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
      stream.on('response', (headers) => {
        status = headers['grpc-status'] as string | undefined;
      });
      stream.on('trailers', (trailers) => {
        status = trailers['grpc-status'] as string | undefined;
      });
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('end', () =>
        resolve(status === '0' ? failuresIn(method, Buffer.concat(chunks)) : users.length),
      );
      stream.end(
        frameOf(method === 'BatchHandleTriggers' ? batchMessage(users) : sessionMessage(users[0] ?? '')),
      );
    });
}

function failuresIn(method: LoadOrder['method'], body: Buffer): number {
  return method === 'BatchHandleTriggers'
    ? fromBinary(BatchHandleTriggersResponseSchema, body.subarray(5)).totalFailed
    : 0;
}

function sessionOf(user: string) {
  const session = { sessionId: uuidv4(), daySlug: 'a', weekNumber: 1, liftsPerformed: LIFT_IDS };
  return create(HandleSessionCompleteRequestSchema, { userId: user, session });
}

function sessionMessage(user: string): Uint8Array {
  return toBinary(HandleSessionCompleteRequestSchema, sessionOf(user));
}

function batchMessage(users: readonly string[]): Uint8Array {
  const triggers = users.map((user) => ({
    requestId: uuidv4(),
    event: { case: 'sessionComplete' as const, value: sessionOf(user) },
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
