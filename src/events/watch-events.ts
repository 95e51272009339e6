/** WatchEvents: streams the account's log as it grows, without gaps, from the reader's last position. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CallContext } from '../calls/call-context.ts';
import type { Limits } from '../config/config.ts';
import { DomainError, invalidFields } from '../errors/domain-error.ts';
import type { KeyedLimiter, Release } from '../flow/keyed-limiter.ts';
import type { WatchEventsRequest, WatchEventsResponseSchema } from '../gen/automation/v1/event_service_pb.ts';
import type { Database, Transaction } from '../store/database.ts';
import {
  decodePlace,
  encodePlace,
  eventMessage,
  findLogEnd,
  type LogPage,
  type LogPlace,
  readLogPage,
} from './event-log.ts';

export interface WatchDeps {
  readonly database: Database;
  readonly limits: Limits;
  /** Slots for concurrent watchers, per process and per account. */
  readonly slots: KeyedLimiter;
}

type Answer = MessageInitShape<typeof WatchEventsResponseSchema>;

/**
 * Streams until the reader disconnects, the server drains (SHUTTING_DOWN) or `watchMs` have passed. The first
 * message has no event and carries the token of the start. Errors, also while the stream runs: EPOCH_CHANGED when a
 * failover or a restore has cut the log behind the reader's place, EVENTS_REMOVED when the account does not keep it.
 */
export async function* watchEvents(
  { database, limits, slots }: WatchDeps,
  call: CallContext,
  request: WatchEventsRequest,
): AsyncGenerator<Answer> {
  const { accountId, signal } = call;
  const release = takeSlot(slots, accountId, limits);
  // A disconnected reader requests no further message, so the generator may never resume to release the slot.
  signal.addEventListener('abort', release, { once: true });
  try {
    // Each page is read in its own transaction, because an open transaction would keep deleted rows from
    // being vacuumed.
    const read = <T>(work: (tx: Transaction) => Promise<T>) =>
      database.transaction(accountId, work, {
        deadlineAtMs: performance.now() + limits.defaultDeadlineMs,
        signal,
      });
    const types = new Set(request.types);
    let place = await read((tx) => findStart(tx, request));
    const heartbeat = () => ({ resumeToken: encodePlace(accountId, place) });
    yield heartbeat();
    let sentAtMs = performance.now();
    while (performance.now() < call.deadlineAtMs) {
      signal.throwIfAborted();
      const page = await readPageUnlessOverloaded(read, place, limits);
      for (const row of page.rows) {
        if (types.size === 0 || types.has(row.type)) {
          yield { event: eventMessage(row), resumeToken: encodePlace(accountId, row.id) };
          sentAtMs = performance.now();
        }
      }
      place = page.rows.at(-1)?.id ?? place;
      if (performance.now() - sentAtMs >= limits.watchHeartbeatMs) {
        yield heartbeat();
        sentAtMs = performance.now();
      }
      if (!page.hasMore) {
        await pause(limits.watchPollMs, signal);
      }
    }
  } finally {
    release();
  }
}

/**
 * Takes a slot for the watcher. Errors: RATE_LIMITED when the account's slots are used up, OVERLOADED when
 * the process's are.
 */
function takeSlot(
  slots: KeyedLimiter,
  accountId: string,
  { watchers, watchersPerAccount }: Pick<Limits, 'watchers' | 'watchersPerAccount'>,
): Release {
  switch (slots.exceeded(accountId)) {
    case 'slotsPerKey':
      throw new DomainError('RATE_LIMITED', 'the account has too many concurrent WatchEvents calls', {
        metadata: { quota: 'watchersPerAccount', most: String(watchersPerAccount) },
      });
    case 'slots':
      throw new DomainError('OVERLOADED', 'the server has too many concurrent WatchEvents calls', {
        metadata: { limit: 'watchers', most: String(watchers) },
      });
    default:
      return slots.take(accountId);
  }
}

async function findStart(
  tx: Transaction,
  { resumeToken, fromBeginning }: WatchEventsRequest,
): Promise<LogPlace> {
  if (resumeToken && fromBeginning) {
    throw invalidFields([{ field: 'from_beginning', description: 'must be false with a resume_token' }]);
  }
  if (resumeToken) {
    return decodePlace(tx.accountId, resumeToken);
  }
  return fromBeginning ? undefined : findLogEnd(tx);
}

type Read = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;

/** Returns an empty page when the database is overloaded; the next poll reads again. */
async function readPageUnlessOverloaded(read: Read, place: LogPlace, limits: Limits): Promise<LogPage> {
  try {
    return await read((tx) => readLogPage(tx, place, limits));
  } catch (error) {
    if (error instanceof DomainError && error.reason === 'OVERLOADED') {
      return { rows: [], hasMore: false };
    }
    throw error;
  }
}

/** Rejects with the signal's reason as soon as it is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    function onAbort(): void {
      clearTimeout(timer);
      reject(signal.reason);
    }
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
