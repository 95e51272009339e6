/**
 * The lifetime of a call: from its arrival to its answer, its deadline, or the end of its connection or the
 * server.
 */
import {
  Code,
  ConnectError,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from '@connectrpc/connect';
import type { CallContext } from '../../calls/call-context.ts';
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { callArrivalKey } from '../port/call-arrival.ts';
import { observeEnd } from '../port/streamed-call.ts';

export type AnyRequest = UnaryRequest | StreamRequest;

export interface CallLifetime extends Pick<CallContext, 'deadlineAtMs' | 'signal'> {
  /** Ends the lifetime when the call has been answered. */
  stop(): void;
}

/** A unary call: `over` rejects, and `signal` aborts, at the deadline or when the client cancels. */
export function startUnaryLifetime(
  request: UnaryRequest,
  limits: Pick<Limits, 'defaultDeadlineMs' | 'maximumDeadlineMs'>,
): CallLifetime & { readonly over: Promise<never> } {
  const { atMs, timeoutMs } = request.contextValues.get(callArrivalKey);
  const deadlineAtMs = atMs + Math.min(timeoutMs ?? limits.defaultDeadlineMs, limits.maximumDeadlineMs);
  const controller = new AbortController();
  const { promise: over, reject } = Promise.withResolvers<never>();
  over.catch(() => {});

  function giveUp(error: DomainError): void {
    controller.abort(error);
    reject(error);
  }
  function onDeadline(): void {
    giveUp(deadlinePassed());
  }
  function onAbort(): void {
    const reason = request.signal.reason;
    if (reason instanceof ConnectError && reason.code === Code.DeadlineExceeded) {
      onDeadline();
    } else {
      giveUp(callCancelled());
    }
  }

  const leftMs = deadlineAtMs - performance.now();
  const timer = setTimeout(onDeadline, Math.max(leftMs, 0));
  if (leftMs <= 0) {
    onDeadline();
  }
  request.signal.addEventListener('abort', onAbort);
  if (request.signal.aborted) {
    onAbort();
  }
  return {
    deadlineAtMs,
    signal: controller.signal,
    over,
    stop() {
      clearTimeout(timer);
      request.signal.removeEventListener('abort', onAbort);
    },
  };
}

/** A stream lives until its reader cancels, its timeout passes, its connection has aged, or the server drains. */
export function startStreamLifetime(
  { contextValues, signal }: StreamRequest,
  { limits, draining }: { readonly limits: Pick<Limits, 'watchMs'>; readonly draining: AbortSignal },
): CallLifetime {
  const controller = new AbortController();
  const onAbort = () => {
    const { reason } = signal;
    if (reason instanceof DomainError) {
      controller.abort(reason);
      return;
    }
    const isLate = reason instanceof ConnectError && reason.code === Code.DeadlineExceeded;
    controller.abort(isLate ? deadlinePassed() : callCancelled());
  };
  const onDrain = () =>
    controller.abort(new DomainError('SHUTTING_DOWN', 'the server ends; call again with the last token'));
  for (const [source, abort] of [[signal, onAbort] as const, [draining, onDrain] as const]) {
    source.addEventListener('abort', abort);
    if (source.aborted) {
      abort();
    }
  }
  return {
    deadlineAtMs: contextValues.get(callArrivalKey).atMs + limits.watchMs,
    signal: controller.signal,
    stop() {
      signal.removeEventListener('abort', onAbort);
      draining.removeEventListener('abort', onDrain);
    },
  };
}

/** Ends the lifetime together with the stream, however the stream ends. */
export async function endLifetimeWithStream<R extends UnaryResponse | StreamResponse>(
  { stop }: Pick<CallLifetime, 'stop'>,
  answer: () => Promise<R>,
): Promise<R> {
  const failed = (error: unknown) => {
    stop();
    return error;
  };
  try {
    const response = await answer();
    return response.stream
      ? { ...response, message: observeEnd(response.message, { completed: stop, failed, left: stop }) }
      : response;
  } catch (error) {
    throw failed(error);
  }
}

function deadlinePassed(): DomainError {
  return new DomainError('DEADLINE_EXCEEDED', 'the deadline passed');
}

function callCancelled(): DomainError {
  return new DomainError('CANCELLED', 'the caller went away');
}
