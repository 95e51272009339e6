/** The load: unary gRPC calls over one bare HTTP/2 connection, a fixed number in flight, for a fixed time. */
import { connect } from 'node:http2';
import { fromBinary } from '@bufbuild/protobuf';
import { BatchHandleTriggersResponseSchema } from '../src/gen/progression/v1/progression_service_pb.ts';
import { type Ended, type Method, reportSessions } from './calls.ts';
import { userId } from './fixture.ts';

/** What a load run is told, as JSON in its first argument. */
export interface LoadOrder {
  readonly url: string;
  readonly method: Method;
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

async function runLoad(order: LoadOrder): Promise<LoadResult> {
  const { url, method, inFlight, warmUpMs, measureMs, eventsPerCall, users: athletes } = order;
  const session = connect(url);
  const latenciesMs: number[] = [];
  let failed = 0;
  let nextUser = Math.floor(Math.random() * athletes);
  const startMs = performance.now() + warmUpMs;
  const endMs = startMs + measureMs;
  const worker = async () => {
    while (performance.now() < endMs) {
      const users = Array.from({ length: eventsPerCall }, () => userId((nextUser++ % athletes) + 1));
      const beganMs = performance.now();
      const failures = failuresOf(await reportSessions(session, method, users), order);
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

/** How many of a call's events failed. */
function failuresOf({ status, body }: Ended, { method, eventsPerCall }: LoadOrder): number {
  if (status !== '0') {
    return eventsPerCall;
  }
  return method === 'BatchHandleTriggers'
    ? fromBinary(BatchHandleTriggersResponseSchema, body.subarray(5)).totalFailed
    : 0;
}
