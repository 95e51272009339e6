/** WatchEvents: the account's log as it grows, without gaps, from wherever its reader stopped. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CallContext } from '../calls/call-context.ts';
import type { Limits } from '../config/config.ts';
import { DomainError, invalidFields } from '../errors/domain-error.ts';
import type { KeyedLimiter, Release } from '../flow/keyed-limiter.ts';
import type { WatchEventsRequest, WatchEventsResponseSchema } from '../gen/automation/v1/event_service_pb.ts';
import type { Database, Transaction } from '../store/database.ts';
import { eventMessage } from './event-rows.ts';
import {
  BEGINNING,
  decodePosition,
  encodePosition,
  findLogEnd,
  type LogPage,
  type LogPosition,
  readLogPage,
} from './log-position.ts';

export interface WatchDeps {
  readonly database: Database;
  readonly limits: Limits;
  /** Of the process's watchers, by account. */
  readonly slots: KeyedLimiter;
}

type Answer = MessageInitShape<typeof WatchEventsResponseSchema>;

/**
 * Goes on until its reader leaves, the server drains (SHUTTING_DOWN) or `watchMs` have passed. The first message has no
 * event, and says from where on events follow.
 */
export async function* watchEvents(
  { database, limits, slots }: WatchDeps,
  call: CallContext,
  request: WatchEventsRequest,
): AsyncGenerator<Answer> {
  const { accountId, signal } = call;
  const release = takeSlot(slots, accountId, limits);
  // A reader who went away asks for no other message, and this may never go on.
  signal.addEventListener('abort', release, { once: true });
  try {
    // Each look is a transaction of its own: one that stays open would keep what is deleted from being cleared away.
    const look = <T>(work: (tx: Transaction) => Promise<T>) =>
      database.transaction(accountId, work, {
        deadlineAtMs: performance.now() + limits.defaultDeadlineMs,
        signal,
      });
    const types = new Set(request.types);
    let position = await look((tx) => findStartPosition(tx, request));
    const tell = () => ({ resumeToken: encodePosition(accountId, position) });
    yield tell();
    let toldAtMs = performance.now();
    while (performance.now() < call.deadlineAtMs) {
      signal.throwIfAborted();
      const page = await readPageUnlessOverloaded(look, position, limits);
      for (const { row, behind } of page.events) {
        if (types.size === 0 || types.has(row.type)) {
          yield { event: eventMessage(row), resumeToken: encodePosition(accountId, behind) };
          toldAtMs = performance.now();
        }
      }
      position = page.end;
      if (performance.now() - toldAtMs >= limits.watchHeartbeatMs) {
        yield tell();
        toldAtMs = performance.now();
      }
      if (!page.hasMore) {
        await pause(limits.watchPollMs, signal);
      }
    }
  } finally {
    release();
  }
}

/** Each watcher keeps reading. RATE_LIMITED when the account has its share of them, OVERLOADED when the process has. */
function takeSlot(
  slots: KeyedLimiter,
  accountId: string,
  { watchers, watchersPerAccount }: Pick<Limits, 'watchers' | 'watchersPerAccount'>,
): Release {
  switch (slots.exceeded(accountId)) {
    case 'slotsPerKey':
      throw new DomainError('RATE_LIMITED', 'too many calls of the account watch events', {
        metadata: { quota: 'watchersPerAccount', most: String(watchersPerAccount) },
      });
    case 'slots':
      throw new DomainError('OVERLOADED', 'too many calls watch events', {
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

type Look = <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;

/** A database that has no time just now is asked again a little later. */
async function readPageUnlessOverloaded(look: Look, position: LogPosition, limits: Limits): Promise<LogPage> {
  try {
    return await look((tx) => readLogPage(tx, position, limits.watchedEvents));
  } catch (error) {
    if (error instanceof DomainError && error.reason === 'OVERLOADED') {
      return { events: [], end: position, hasMore: false };
    }
    throw error;
  }
}

/** Throws the signal's reason as soon as it is aborted. */
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
