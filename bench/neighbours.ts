/**
 * A light account beside a heavy one: the latency of one GetUser at a time, alone and while another account has 24 heavy calls
 * of one kind under way.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { fromJson } from '@bufbuild/protobuf';
import { type Timestamp, timestampNow } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { EventService } from '../src/gen/automation/v1/event_service_pb.ts';
import { FilterGroupSchema } from '../src/gen/automation/v1/filter_pb.ts';
import { WorkflowService } from '../src/gen/automation/v1/workflow_service_pb.ts';
import { UserService } from '../src/gen/progression/v1/user_service_pb.ts';
import { newId } from '../src/values/new-id.ts';
import { percentile, reportBounded, round } from './figures.ts';
import { ACCOUNT_ID, userId } from './fixture.ts';
import { analyze, withServedAthletes } from './served.ts';

const ATHLETES = 1_000;
const AT_ONCE = 24;
const MEASURE_MS = 8_000;
const EVENTS = 500;
const PAUSE_MS = 50;
const REPLAYED = 5_000;
const MOST_TIMES = 6;

export async function runNeighboursBench(): Promise<void> {
  await withServedAthletes({ users: ATHLETES }, async ({ url, databaseUrl }) => {
    const heavy = createGrpcTransport({ baseUrl: url });
    const replayed = { startTime: timestampNow(), endTime: timestampNow() };
    const calls = heavyCallsOf(heavy, replayed);
    await createTrigger(heavy);
    for (let batch = 0; batch < REPLAYED / EVENTS; batch += 1) {
      await calls.publish_events();
    }
    replayed.endTime = timestampNow();
    await analyze(databaseUrl);
    const light = await createLight(createGrpcTransport({ baseUrl: url }));
    await light.measure();
    const calm = await light.measure();
    const figures: Record<string, number> = { calm_p50_ms: round(calm.p50Ms) };
    for (const [name, call] of Object.entries(calls)) {
      const leaving = new AbortController();
      const callers = Array.from({ length: AT_ONCE }, () => repeat(call, leaving.signal));
      const beside = await light.measure();
      leaving.abort();
      const counts = await Promise.all(callers);
      const answered = counts.reduce((sum, count) => sum + count, 0);
      const times = beside.p50Ms / calm.p50Ms;
      const rest = `p50 ${beside.p50Ms.toFixed(1)} ms, ${beside.refused} refused, ${answered} heavy calls answered`;
      reportBounded(`beside ${AT_ONCE} of ${name}, p50`, times, MOST_TIMES, 'times calm', rest);
      figures[`${name}_p50_ms`] = round(beside.p50Ms);
      figures[`${name}_refused`] = beside.refused;
    }
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  });
}

/** A trigger that decides on each published event, and starts no run. */
async function createTrigger(transport: Transport): Promise<void> {
  const workflows = createClient(WorkflowService, transport);
  const as = () => ({ headers: { 'x-account-id': ACCOUNT_ID, 'idempotency-key': newId() } });
  const filter = { conditions: [{ field: 'data.amount', operator: 'greater_than', value: 1_000 }] };
  const { workflow } = await workflows.createWorkflow(
    {
      name: 'Large payments',
      trigger: { triggerEvent: 'payment_received', filter: fromJson(FilterGroupSchema, filter) },
      actions: [{ action: { case: 'addTag', value: { tag: 'large' } } }],
    },
    as(),
  );
  await workflows.activateWorkflow({ workflowId: workflow?.id ?? '' }, as());
}

/** Each call publishes or lists 500 events, replays 5,000, or exports an athlete's rows. */
function heavyCallsOf(transport: Transport, replayed: { startTime: Timestamp; endTime: Timestamp }) {
  const events = createClient(EventService, transport);
  const users = createClient(UserService, transport);
  const as = () => ({ headers: { 'x-account-id': ACCOUNT_ID, 'idempotency-key': newId() } });
  const published = () =>
    Array.from({ length: EVENTS }, (_, index) => ({
      ...{ id: newId(), type: 'payment_received', userId: userId((index % ATHLETES) + 1) },
      data: { amount: 20, currency: 'EUR' },
    }));
  return {
    publish_events: () => events.publishEvents({ events: published() }, as()),
    list_events: () => events.listEvents({ pageSize: EVENTS }, as()),
    replay_events: () => events.replayEvents(replayed, as()),
    export_user_data: () => users.exportUserData({ userId: userId(1) }, as()),
  };
}

/** Counts the answered calls; after a refusal the caller pauses. */
async function repeat(call: () => Promise<unknown>, signal: AbortSignal): Promise<number> {
  let answered = 0;
  while (!signal.aborted) {
    try {
      await call();
      answered += 1;
    } catch {
      await delay(PAUSE_MS);
    }
  }
  return answered;
}

/** An account with one athlete, which reads one call after the other. */
async function createLight(transport: Transport) {
  const users = createClient(UserService, transport);
  const accountId = newId();
  const as = () => ({ headers: { 'x-account-id': accountId, 'idempotency-key': newId() } });
  const { user } = await users.createUser({ name: 'A light neighbour' }, as());
  return {
    async measure() {
      const timesMs: number[] = [];
      let refused = 0;
      const endMs = performance.now() + MEASURE_MS;
      while (performance.now() < endMs) {
        const beganMs = performance.now();
        await users.getUser({ userId: user?.id ?? '' }, as()).catch(() => {
          refused += 1;
        });
        timesMs.push(performance.now() - beganMs);
      }
      return { p50Ms: percentile(timesMs, 0.5), refused };
    },
  };
}
