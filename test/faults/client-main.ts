/**
 * A client process: sends calls until it is stopped, journals each request before it is first sent and each
 * answer, and repeats unanswered requests under the same request ID at another server.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Call,
  type CallWeights,
  createItemMaker,
  type Item,
  isRetryable,
  nextCalls,
  toCall,
} from './client-calls.ts';
import { type JournalLine, openJournal } from './client-journal.ts';
import { createGrpcChannel } from './grpc-channel.ts';
import type { TrainingAccount } from './populate-accounts.ts';
import { createRandom } from './seeded-random.ts';

/** The configuration of a client, as JSON in its first argument. */
export interface ClientOrder {
  readonly ports: readonly number[];
  readonly accounts: readonly TrainingAccount[];
  readonly journalPath: string;
  readonly seed: number;
  readonly work:
    | { readonly kind: 'MIXED'; readonly callsPerSecond: number; readonly calls?: CallWeights | undefined }
    /** Sends each of `calls` calls `copies` times at once, and then ends. */
    | { readonly kind: 'DUPLICATES'; readonly calls: number; readonly copies: number };
}

/** The message to the parent process: progress, and finally the totals. */
export interface ClientReport {
  readonly calls: number;
  readonly attempts: number;
  /** Number of acknowledged requests; each item of a batch is one. */
  readonly acknowledged: number;
  readonly isDone: boolean;
}

const ATTEMPT_MS = 3_000;
const LONGEST_PAUSE_MS = 600;
const REPORT_MS = 100;
/** How long open calls are retried after the client was stopped. */
const LAST_TRIES_MS = 60_000;
/** Maximum number of calls in flight. A third of them hang for ATTEMPT_MS while a server is paused. */
const MOST_IN_FLIGHT = 256;
/** Maximum age of overdue calls that are still started. */
const CATCH_UP_SECONDS = 10;
/** Number of calls whose copies are in flight at the same time. */
const DUPLICATED_AT_ONCE = 4;

const order: ClientOrder = JSON.parse(process.argv[2] ?? '');
const random = createRandom(order.seed);
const athletes = order.accounts.flatMap((account) => account.userIds.map((userId) => ({ account, userId })));
const maker = createItemMaker(random, athletes);
const channels = order.ports.map(createGrpcChannel);
const journal = await openJournal(order.journalPath);
let calls = 0;
let attempts = 0;
let acknowledged = 0;
let turn = 0;
let isStopping = false;
let giveUpAtMs = Number.POSITIVE_INFINITY;

process.on('message', () => {
  isStopping = true;
  giveUpAtMs = performance.now() + LAST_TRIES_MS;
});
// Without its parent no process reads the journal.
process.on('disconnect', () => process.exit(1));

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function identity({ accountId, method, requestId, payload }: Item) {
  return { accountId, method, requestId, payload: encode(payload) };
}

/** Sends the call until every item has an answer, or the time for retries is over. */
async function sendUntilAnswered(call: Call): Promise<void> {
  calls += 1;
  const first = turn++;
  let open: readonly Item[] = call.items;
  for (let attempt = 0; open.length > 0 && performance.now() < giveUpAtMs; attempt += 1) {
    attempts += 1;
    const channel = channels[(first + attempt) % channels.length];
    const batch = call.items.length > 1 ? { batchSentAtMs: Date.now() } : {};
    const answer = await channel?.call(call.path, call.headers, call.message, ATTEMPT_MS);
    if (answer && (answer.code === 0 || !isRetryable(answer.code))) {
      const lines = call.items.flatMap((item, index): JournalLine[] => {
        const read = answer.code === 0 ? call.read(answer.body)[index] : undefined;
        const outcome = read ?? { kind: 'REFUSED' as const, code: answer.code, message: answer.message };
        if (outcome.kind === 'RETRY') {
          return [];
        }
        open = open.filter((each) => each !== item);
        return outcome.kind === 'ANSWERED'
          ? [
              {
                ...{ ...identity(item), kind: 'ANSWERED', response: encode(outcome.response) },
                ...{ atMs: Date.now(), ...batch },
              },
            ]
          : [{ ...identity(item), kind: 'REFUSED', code: outcome.code, message: outcome.message }];
      });
      await journal.write(lines);
      acknowledged += lines.filter(({ kind }) => kind === 'ANSWERED').length;
      for (const line of lines) {
        if (line.kind === 'ANSWERED' && call.items.length === 1 && call.items[0]) {
          maker.recordAnswer(call.items[0], Buffer.from(line.response, 'base64'));
        }
      }
    }
    if (open.length > 0) {
      await delay(Math.random() * Math.min(LONGEST_PAUSE_MS, 50 * 2 ** attempt));
    }
  }
}

async function sendTogether(together: readonly Call[]): Promise<void> {
  const sent = new Set(together.flatMap(({ items }) => items));
  await journal.write([...sent].map((item) => ({ ...identity(item), kind: 'SENT' })));
  await Promise.all(together.map(sendUntilAnswered));
}

async function runMixedWork(callsPerSecond: number, weights?: CallWeights): Promise<void> {
  const running = new Set<Promise<void>>();
  const startedAtMs = performance.now();
  let started = 0;
  while (!isStopping) {
    const due = ((performance.now() - startedAtMs) / 1000) * callsPerSecond;
    while (started < due && running.size < MOST_IN_FLIGHT) {
      const together = nextCalls(random, maker, weights);
      started += together.length;
      const making = sendTogether(together).finally(() => running.delete(making));
      running.add(making);
    }
    started = Math.max(started, due - callsPerSecond * CATCH_UP_SECONDS);
    await delay(10);
  }
  await Promise.all(running);
}

async function runDuplicatedWork(count: number, copies: number): Promise<void> {
  let left = count;
  const work = async () => {
    while (left > 0 && !isStopping) {
      left -= 1;
      const kind = random.pick(['session', 'sets', 'max', 'manual'] as const);
      const call = toCall(maker.next(kind));
      await sendTogether(Array.from({ length: copies }, () => call));
    }
  };
  await Promise.all(Array.from({ length: DUPLICATED_AT_ONCE }, work));
}

function report(isDone: boolean): Promise<void> {
  const message: ClientReport = { calls, attempts, acknowledged, isDone };
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}

const reporting = setInterval(() => void report(false), REPORT_MS);
if (order.work.kind === 'MIXED') {
  await runMixedWork(order.work.callsPerSecond, order.work.calls);
} else {
  await runDuplicatedWork(order.work.calls, order.work.copies);
}
clearInterval(reporting);
await journal.close();
await report(true);
for (const channel of channels) {
  channel.close();
}
process.exit(0);
