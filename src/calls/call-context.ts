/** The call context: caller, account, request ID and deadline, as the interceptors determined them. */
import { createContextKey, type HandlerContext } from '@connectrpc/connect';
import type { Instant } from '../values/instant.ts';

export interface CallContext {
  readonly accountId: string;
  /** The name of the caller in the audit trail. */
  readonly actor: string;
  /** The kind of caller, as events record it. */
  readonly actorKind: 'ATHLETE' | 'COACH' | 'SYSTEM';
  /** A UUID in lower case; undefined when the call has none. */
  readonly requestId: string | undefined;
  /** When the server received the call, by the server's clock. */
  readonly receivedAt: Instant;
  /** The deadline, in `performance.now()` milliseconds. */
  readonly deadlineAtMs: number;
  /** Aborted at the deadline, and when the client cancels. */
  readonly signal: AbortSignal;
}

/** Set by the call-context interceptor for every call. */
export const callContextKey = createContextKey<CallContext | undefined>(undefined, {
  description: 'progression call context',
});

/** Reads the call context of a running handler. */
export function callContextOf(context: HandlerContext): CallContext {
  const call = context.values.get(callContextKey);
  if (!call) {
    throw new TypeError('the call context interceptor is not installed');
  }
  return call;
}

/**
 * Marks the answer as the stored one of an earlier call with the same request ID (`idempotency-replayed:
 * true`).
 */
export function markReplayed(context: HandlerContext): void {
  context.responseHeader.set('idempotency-replayed', 'true');
}
