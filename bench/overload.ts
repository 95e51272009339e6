/** Ten times the capacity of the service, and then half of it: the number of answers, and their latencies. */
import { connect } from 'node:http2';
import { reportOf } from './calls.ts';
import { CONNECTIONS, shareConnections } from './connections.ts';
import { SESSION_LIFTS, userId } from './fixture.ts';
import { offer } from './offer.ts';
import { divideProcessors } from './processors.ts';
import { analyze, type Served, withServedAthletes } from './served.ts';
import { statusOfCall } from './status-of-call.ts';

const USERS = 20_000;
const PEAK_IN_FLIGHT = 64;
const WARM_UP_MS = 4_000;
const PEAK_MS = 8_000;
const OVERLOAD_FACTOR = 10;
const OVERLOAD_MS = 10_000;
const RECOVERY_MS = 8_000;
const UNAVAILABLE = '14';

interface Call {
  readonly status: string | undefined;
  readonly beganMs: number;
  readonly endedMs: number;
}

async function measure({ url, databaseUrl }: Served): Promise<void> {
  processors.joinLoad();
  report('processors', processors.description);
  const connections = shareConnections(Array.from({ length: CONNECTIONS }, () => connect(url)));
  let nextUser = 0;
  const call = async (): Promise<Call> => {
    const beganMs = performance.now();
    nextUser = (nextUser % USERS) + 1;
    const message = reportOf('HandleSessionComplete', [userId(nextUser)], SESSION_LIFTS);
    const status = await connections.use((session) =>
      statusOfCall(session, 'HandleSessionComplete', message),
    );
    return { status, beganMs, endedMs: performance.now() };
  };

  await keepInFlight(WARM_UP_MS, call);
  await analyze(databaseUrl);
  await keepInFlight(WARM_UP_MS, call);
  const peak = goodputOf(await keepInFlight(PEAK_MS, call), PEAK_MS);
  report('peak, 64 in flight', `${peak.toFixed(0)} answered/s`);

  const overload = await offer(peak * OVERLOAD_FACTOR, OVERLOAD_MS, call);
  const overloadedMs = performance.now();
  const answered = overload.calls.filter(({ status }) => status === '0');
  const refused = overload.calls.filter(({ status }) => status === UNAVAILABLE);
  const goodput = goodputOf(
    answered.filter(({ endedMs }) => endedMs <= overload.endMs),
    OVERLOAD_MS,
  );
  const offered = (overload.calls.length * 1000) / OVERLOAD_MS;
  report('overload, offered', `${offered.toFixed(0)} calls/s, ${(offered / peak).toFixed(1)} times the peak`);
  report('overload, goodput', `${goodput.toFixed(0)} answered/s, ${(goodput / peak).toFixed(2)} of the peak`);
  report('overload, answered', latenciesOf(answered));
  report('overload, refused', `${refused.length}; ${latenciesOf(refused)}`);
  report('overload, neither', String(overload.calls.length - answered.length - refused.length));

  const after = await offer(peak / 2, RECOVERY_MS, call);
  const lastRefusalMs = Math.max(
    overloadedMs,
    ...after.calls.filter(({ status }) => status !== '0').map(({ beganMs }) => beganMs),
  );
  const line = {
    peak_per_second: Math.round(peak),
    goodput_ratio: round(goodput / peak),
    refused_p95_ms: round(quantile(refused, 0.95)),
    answered_p95_ms: round(quantile(answered, 0.95)),
    recovery_ms: Math.round(lastRefusalMs - overloadedMs),
    p95_after_ms: round(quantile(after.calls, 0.95)),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  connections.close();
}

/** A number of callers that wait for each answer before the next call (a closed load). */
async function keepInFlight(forMs: number, call: () => Promise<Call>): Promise<Call[]> {
  const calls: Call[] = [];
  const endMs = performance.now() + forMs;
  const workers = Array.from({ length: PEAK_IN_FLIGHT }, async () => {
    while (performance.now() < endMs) {
      calls.push(await call());
    }
  });
  await Promise.all(workers);
  return calls.filter(({ endedMs }) => endedMs <= endMs);
}

function goodputOf(calls: readonly Call[], forMs: number): number {
  return (calls.filter(({ status }) => status === '0').length * 1000) / forMs;
}

function quantile(calls: readonly Call[], share: number): number {
  const sorted = calls.map(({ beganMs, endedMs }) => endedMs - beganMs).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

function latenciesOf(calls: readonly Call[]): string {
  return [0.5, 0.95, 0.99].map((q) => `p${q * 100} ${quantile(calls, q).toFixed(0)} ms`).join('  ');
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

function report(name: string, text: string): void {
  process.stdout.write(`${name.padEnd(24)} ${text}\n`);
}

const processors = divideProcessors();
processors.joinService();
// The rate limits of accounts and addresses would refuse most calls before the queue does.
const unlimited = { ACCOUNT_CALLS_PER_SECOND: '0', PEER_CALLS_PER_SECOND: '0' };
await withServedAthletes({ users: USERS, environment: unlimited }, measure);
