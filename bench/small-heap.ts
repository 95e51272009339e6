/**
 * A process with a heap of 256 MiB under ten times the load that it can answer, of the largest messages, with callers that do
 * not read their answers: it refuses, and lives.
 */
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  EventService,
  ListEventsRequestSchema,
  PublishEventsRequestSchema,
} from '../src/gen/automation/v1/event_service_pb.ts';
import { newId } from '../src/values/new-id.ts';
import { frameOf } from './calls.ts';
import { CONNECTIONS, shareConnections } from './connections.ts';
import { round } from './figures.ts';
import { ACCOUNT_ID, userId } from './fixture.ts';
import { findFreePort, type MemorySample, sampleMemory } from './memory.ts';
import { offer } from './offer.ts';
import { type Served, withServedAthletes } from './served.ts';
import { statusOfFrame } from './status-of-call.ts';

const MINUTES = Number(process.argv[3] || 10);
const HEAP_MB = 256;
const ATHLETES = 500;
const EVENTS = 500;
/** With these fields 500 events are a message of almost 1 MiB. */
const FIELDS = 85;
const MESSAGES = 8;
const PEAK_IN_FLIGHT = 4;
const PEAK_MS = 10_000;
const FACTOR = 10;
const NON_READERS = 20;
const SAMPLE_MS = 2_000;
const PUBLISH = pathOf(EventService.method.publishEvents);
const LIST = pathOf(EventService.method.listEvents);

type Call = () => Promise<string | undefined>;

export async function runSmallHeapBench(): Promise<void> {
  const port = await findFreePort();
  const environment = {
    ...{ METRICS_PORT: `${port}`, NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` },
    ...{ ACCOUNT_CALLS_PER_SECOND: '0', PEER_CALLS_PER_SECOND: '0' },
  };
  await withServedAthletes({ users: ATHLETES, environment }, (served) =>
    measure(served, `http://127.0.0.1:${port}/metrics`),
  );
}

async function measure({ url, processId }: Served, metricsUrl: string): Promise<void> {
  const call = createCalls(url);
  const peak = await answeredPerSecond(call);
  process.stdout.write(
    `peak, ${PEAK_IN_FLIGHT} in flight: ${peak.toFixed(1)} calls/s of the largest messages\n`,
  );
  let isOver = false;
  const samples = sampleMemory(processId, metricsUrl, SAMPLE_MS, () => isOver);
  const reading = Array.from({ length: NON_READERS }, () => callWithoutReading(url, () => isOver));
  const { calls } = await offer(peak * FACTOR, MINUTES * 60_000, () => call().catch(() => 'broken'));
  isOver = true;
  const cut = (await Promise.all(reading)).reduce((sum, count) => sum + count, 0);
  report(await samples, calls, cut, await call().catch(() => 'broken'));
}

/** Of four calls one publishes, and three list: a message of 1 MiB goes in or out. */
function createCalls(url: string): Call {
  const connections = shareConnections(Array.from({ length: CONNECTIONS }, () => openSession(url)));
  const messages = Array.from({ length: MESSAGES }, publishMessage);
  const list = listMessage();
  let made = 0;
  return () => {
    made += 1;
    const [path, frame] =
      made % 4 === 0
        ? ([PUBLISH, messages[(made / 4) % MESSAGES] ?? list] as const)
        : ([LIST, list] as const);
    return connections.use((session) => statusOfFrame(session.open(), path, frame));
  };
}

/** A session that is opened anew after the service has ended it. */
function openSession(url: string) {
  let session: ClientHttp2Session | undefined;
  return {
    open(): ClientHttp2Session {
      if (!session || session.closed || session.destroyed) {
        session = connect(url);
        session.on('error', () => {});
      }
      return session;
    },
    close: () => session?.close(),
  };
}

async function answeredPerSecond(call: Call): Promise<number> {
  let answered = 0;
  const endMs = performance.now() + PEAK_MS;
  const workers = Array.from({ length: PEAK_IN_FLIGHT }, async () => {
    while (performance.now() < endMs) {
      answered += (await call().catch(() => 'broken')) === '0' ? 1 : 0;
    }
  });
  await Promise.all(workers);
  return (answered * 1000) / PEAK_MS;
}

/** Lists, and reads nothing of the answer, again and again; returns how often it was cut off. */
async function callWithoutReading(url: string, isOver: () => boolean): Promise<number> {
  let cut = 0;
  const list = listMessage();
  while (!isOver()) {
    const session = connect(url, { settings: { initialWindowSize: 0 } });
    session.on('error', () => {});
    const stream = session.request({
      ...{ ':method': 'POST', ':path': LIST, 'content-type': 'application/grpc+proto', te: 'trailers' },
      'x-account-id': ACCOUNT_ID,
    });
    stream.on('error', () => {});
    stream.end(list);
    while (!isOver() && !stream.closed) {
      await delay(100);
    }
    cut += stream.rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM ? 1 : 0;
    session.destroy();
  }
  return cut;
}

function report(
  samples: readonly MemorySample[],
  calls: readonly (string | undefined)[],
  cut: number,
  afterwards: string | undefined,
): void {
  const statuses = Map.groupBy(calls, (status) => status ?? 'none');
  const counts = [...statuses].map(([status, all]) => `${all.length} of status ${status}`).join(', ');
  process.stdout.write(
    `${MINUTES} min at ${FACTOR} times the peak: ${counts}; ${cut} callers that did not read cut off\n`,
  );
  process.stdout.write(`afterwards: ${afterwards === '0' ? 'answered' : `NOT ANSWERED (${afterwards})`}\n`);
  const most = (of: (sample: MemorySample) => number) => round(Math.max(...samples.map(of)));
  const figures = {
    ...{ minutes: MINUTES, heap_mb: HEAP_MB, lived: afterwards === '0' },
    answered: statuses.get('0')?.length ?? 0,
    refused: (statuses.get('8')?.length ?? 0) + (statuses.get('14')?.length ?? 0),
    ...{ calls: calls.length, cut_off: cut },
    most_heap_mb: most(({ heapMb }) => heapMb),
    most_resident_mb: most(({ residentMb }) => residentMb),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

function publishMessage(): Buffer {
  const data = Object.fromEntries(Array.from({ length: FIELDS }, (_, field) => [`f${field}`, field]));
  const events = Array.from({ length: EVENTS }, (_, index) => ({
    ...{ id: newId(), type: 'payment_received', userId: userId((index % ATHLETES) + 1), data },
  }));
  return frameOf(toBinary(PublishEventsRequestSchema, create(PublishEventsRequestSchema, { events })));
}

function listMessage(): Buffer {
  const request = create(ListEventsRequestSchema, { pageSize: EVENTS });
  return frameOf(toBinary(ListEventsRequestSchema, request));
}

function pathOf({
  parent,
  name,
}: {
  readonly parent: { readonly typeName: string };
  readonly name: string;
}): string {
  return `/${parent.typeName}/${name}`;
}
