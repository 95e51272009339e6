/**
 * Follows the account's events for as long as the page is open, resumes after a cut, and marks what an event may have
 * changed as stale.
 */
import { Code, ConnectError } from '@connectrpc/connect';
import { useSyncExternalStore } from 'react';
import type { Event } from '../../../src/gen/automation/v1/event_service_pb.ts';
import { events } from './clients.ts';
import { queryClient } from './transport.ts';

/**
 * `live`: events arrive. `lost`: the server does not answer; trying again. `polling`: the caller may not read events,
 * so what is shown is asked for again and again.
 */
export type LiveState = 'connecting' | 'live' | 'lost' | 'polling';

const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 3_000;
const POLLING_MS = 5_000;
/** Events of one burst cause one refetch. */
const GATHERING_MS = 150;

let state: LiveState = 'connecting';
let resumeToken = '';
let followedWith = '';
const stateListeners = new Set<() => void>();
const eventListeners = new Set<(event: Event) => void>();

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (listener) => {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
    () => state,
  );
}

/** Calls `listener` with each event from now on, until the returned function is called. */
export function listenToEvents(listener: (event: Event) => void): () => void {
  eventListeners.add(listener);
  return () => eventListeners.delete(listener);
}

/** Runs until the signal is aborted. Another token may be another account's, whose events begin anew. */
export async function followEvents(signal: AbortSignal, token: string): Promise<void> {
  let retryMs = FIRST_RETRY_MS;
  if (token !== followedWith) {
    followedWith = token;
    resumeToken = '';
  }
  setState('connecting');
  while (!signal.aborted) {
    try {
      for await (const { event, resumeToken: token } of events.watchEvents({ resumeToken }, { signal })) {
        if (state === 'lost') {
          // What happened meanwhile may include changes that are no events.
          queryClient.invalidateQueries();
        }
        setState('live');
        retryMs = FIRST_RETRY_MS;
        resumeToken = token || resumeToken;
        if (event) {
          announce(event);
        }
      }
    } catch (error) {
      const { code } = ConnectError.from(error);
      if (signal.aborted || code === Code.Unauthenticated) {
        return;
      }
      if (code === Code.PermissionDenied) {
        return poll(signal);
      }
      if (code === Code.InvalidArgument || code === Code.FailedPrecondition) {
        // A token that the server no longer knows, or whose event it has lost: begin again from now.
        resumeToken = '';
      }
      setState('lost');
    }
    await pause(retryMs, signal);
    retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
  }
}

async function poll(signal: AbortSignal): Promise<void> {
  setState('polling');
  while (!signal.aborted) {
    await pause(POLLING_MS, signal);
    await queryClient.invalidateQueries();
  }
}

const touched = new Set<string>();

function announce(event: Event): void {
  for (const listener of eventListeners) {
    listener(event);
  }
  if (touched.size === 0) {
    setTimeout(refetchTouched, GATHERING_MS);
  }
  touched.add(event.userId);
}

/** Queries about other athletes are left alone. */
function refetchTouched(): void {
  const users = new Set(touched);
  touched.clear();
  queryClient.invalidateQueries({
    predicate({ queryKey }) {
      const userId = userIdIn(queryKey);
      return userId === undefined || users.has(userId);
    },
  });
}

function userIdIn(queryKey: readonly unknown[]): string | undefined {
  const [, detail] = queryKey as [unknown, { input?: { userId?: unknown } } | undefined];
  const userId = detail?.input?.userId;
  return typeof userId === 'string' && userId !== '' ? userId : undefined;
}

function setState(next: LiveState): void {
  if (state !== next) {
    state = next;
    for (const listener of stateListeners) {
      listener();
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
