/** WatchEvents: streams the account's log as it grows, without gaps, from the reader's last position. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CallContext } from '../calls/call-context.ts';
import type { Limits } from '../config/config.ts';
import { DomainError, invalidFields } from '../errors/domain-error.ts';
import type { KeyedLimiter, Release } from '../flow/keyed-limiter.ts';
import type { WatchEventsRequest, WatchEventsResponseSchema } from '../gen/automation/v1/event_service_pb.ts';
import type { Database, Transaction } from '../store/database.ts';
import {
  BEGINNING,
  decodePosition,
  encodePosition,
  eventMessage,
  findLogEnd,
  type LogPage,
  type LogPosition,
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
 * message has no event and carries the token of the start position.
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
    let position = await read((tx) => findStartPosition(tx, request));
    const heartbeat = () => ({ resumeToken: encodePosition(accountId, position) });
    yield heartbeat();
    let sentAtMs = performance.now();
    while (performance.now() < call.deadlineAtMs) {
      signal.throwIfAborted();
      const page = await readPageUnlessOverloaded(read, position, limits);
      for (const { row, positionAfter } of page.events) {
        if (types.size === 0 || types.has(row.type)) {
          yield { event: eventMessage(row), resumeToken: encodePosition(accountId, positionAfter) };
          sentAtMs = performance.now();
        }
      }
      position = page.end;
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

async function findStartPosition(
  tx: Transaction,
  { resumeToken, fromBeginning }: WatchEventsRequest,
): Promise<LogPosition> {
  if (resumeToken && fromBeginning) {
    throw invalidFields([{ field: 'from_beginning', description: 'must be false with a resume_token' }]);
  }
  if (resumeToken) {
    return decodePosition(tx.accountId, resumeToken);
  }
  return fromBeginning ? BEGINNING : findLogEnd(tx);
}

type Read = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;

/** Returns an empty page when the database is overloaded; the next poll reads again. */
async function readPageUnlessOverloaded(read: Read, position: LogPosition, limits: Limits): Promise<LogPage> {
  try {
    return await read((tx) => readLogPage(tx, position, limits.watchedEvents));
  } catch (error) {
    if (error instanceof DomainError && error.reason === 'OVERLOADED') {
      return { events: [], end: position, hasMore: false };
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
