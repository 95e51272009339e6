/** Who calls, for whom, under which request ID and until when: what the interceptors found out about a call. */
import { createContextKey, type HandlerContext } from '@connectrpc/connect';
import type { Instant } from '../values/instant.ts';

export interface CallContext {
  readonly accountId: string;
  /** Who to name in the audit trail. */
  readonly actor: string;
  /** What the event stream calls such a caller. */
  readonly actorKind: 'ATHLETE' | 'COACH' | 'SYSTEM';
  /** A UUID in lower case; undefined when the call brought none. */
  readonly requestId: string | undefined;
  /** The server's time when the call came in. */
  readonly receivedAt: Instant;
  /** `performance.now()` past which nobody waits for the answer. */
  readonly deadlineAtMs: number;
  /** Aborted at the deadline, and when the client goes away. */
  readonly signal: AbortSignal;
}

/** Set by the server's interceptor on every call. */
export const callContextKey = createContextKey<CallContext | undefined>(undefined, {
  description: 'progression call context',
});

/** The call context of a running handler. */
export function callContextOf(context: HandlerContext): CallContext {
  const call = context.values.get(callContextKey);
  if (!call) {
    throw new TypeError('the call context interceptor is not installed');
  }
  return call;
}

/** Tells the client that the answer is the stored one of an earlier call with the same request ID. */
export function markReplayed(context: HandlerContext): void {
  context.responseHeader.set('idempotency-replayed', 'true');
}
