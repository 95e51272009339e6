/** The load generator: unary gRPC calls, a fixed number in flight or a fixed rate, for a fixed time. */
import { fromBinary } from '@bufbuild/protobuf';
import { v4 as uuidv4 } from 'uuid';
import { readConfig } from '../src/config/config.ts';
import { BatchHandleTriggersResponseSchema } from '../src/gen/progression/v1/progression_service_pb.ts';
import { type Method, pathOf, reportOf } from './calls.ts';
import { CONNECTIONS, shareConnections } from './connections.ts';
import { percentile } from './figures.ts';
import { userId } from './fixture.ts';
import { offer } from './offer.ts';
import { type Answer, openThinConnection } from './thin-connection.ts';

/** The order of a load run, as JSON in its first argument. */
export interface LoadOrder {
  readonly url: string;
  readonly method: Method;
  /**
   * Callers that each wait for an answer before the next call; or calls per second, independent of earlier answers.
   */
  readonly pace: { readonly inFlight: number } | { readonly perSecond: number };
  readonly users: number;
  /** From one event's athlete to the next one's. */
  readonly stride: number;
  readonly lifts: number;
  readonly eventsPerCall: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Callers stop early when this number of calls is measured. */
  readonly mostCalls?: number;
}

/** The result, as JSON on stdout. */
export interface LoadResult {
  readonly eventsPerSecond: number;
  /** With a rate, counted from when a call was due. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** The number of measured calls. */
  readonly calls: number;
  readonly failed: number;
  /** All calls that were sent, also before the measurement. */
  readonly events: number;
}

const order: LoadOrder = JSON.parse(process.argv[2] ?? '{}');
process.stdout.write(JSON.stringify(await runLoad(order)));

async function runLoad(order: LoadOrder): Promise<LoadResult> {
  const { url, method, pace, warmUpMs, measureMs, eventsPerCall, users: athletes, lifts, stride } = order;
  const isScheduled = 'perSecond' in pace;
  const fitsOne = !isScheduled && pace.inFlight <= readConfig().limits.streamsPerConnection;
  const opening = Array.from({ length: fitsOne ? 1 : CONNECTIONS }, () => openThinConnection(url));
  const connections = shareConnections(await Promise.all(opening));
  const path = pathOf(method);
  const latenciesMs: number[] = [];
  let failed = 0;
  let events = 0;
  let nextUser = Math.floor(Math.random() * athletes);
  const startMs = performance.now() + warmUpMs;
  const endMs = startMs + measureMs;
  const isOver = () =>
    performance.now() >= endMs || latenciesMs.length >= (order.mostCalls ?? Number.POSITIVE_INFINITY);
  const call = async (beganMs: number) => {
    const users = Array.from({ length: eventsPerCall }, () => {
      nextUser += stride;
      return userId((nextUser % athletes) + 1);
    });
    events += eventsPerCall;
    const message = reportOf(method, users, lifts);
    const answer = await connections.use((connection) => connection.call(path, uuidv4(), message));
    const nowMs = performance.now();
    if (beganMs >= startMs && (isScheduled || nowMs <= endMs)) {
      latenciesMs.push(nowMs - beganMs);
      failed += failuresOf(answer, order);
    }
  };
  const work = async () => {
    while (!isOver()) {
      await call(performance.now());
    }
  };
  if (isScheduled) {
    const { skipped } = await offer(pace.perSecond, warmUpMs + measureMs, call);
    failed += skipped * eventsPerCall;
  } else {
    await Promise.all(Array.from({ length: pace.inFlight }, work));
  }
  const measuredMs = Math.min(endMs, performance.now()) - startMs;
  connections.close();
  return {
    eventsPerSecond: (latenciesMs.length * eventsPerCall * 1000) / measuredMs,
    p50Ms: percentile(latenciesMs, 0.5),
    p95Ms: percentile(latenciesMs, 0.95),
    p99Ms: percentile(latenciesMs, 0.99),
    calls: latenciesMs.length,
    failed,
    events,
  };
}

/** How many of a call's events failed. */
function failuresOf({ isAnswered, body }: Answer, { method, eventsPerCall }: LoadOrder): number {
  if (!isAnswered) {
    return eventsPerCall;
  }
  return method === 'BatchHandleTriggers'
    ? fromBinary(BatchHandleTriggersResponseSchema, body.subarray(5)).totalFailed
    : 0;
}
