/** Until when somebody waits for a call's answer: its deadline, or as long as its connection and the server last. */
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
import { tellEnd } from '../port/streamed-call.ts';

export type AnyRequest = UnaryRequest | StreamRequest;

export interface Waiting extends Pick<CallContext, 'deadlineAtMs' | 'signal'> {
  /** The call has been answered. */
  stop(): void;
}

/** Until when somebody waits: `over` rejects, and `signal` aborts, at the deadline or when the client goes away. */
export function waitForCaller(
  request: UnaryRequest,
  limits: Pick<Limits, 'defaultDeadlineMs' | 'maximumDeadlineMs'>,
): Waiting & { readonly over: Promise<never> } {
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
      giveUp(callerLeft());
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

/** A stream goes on until its reader leaves or does not wait any longer, or the server drains. */
export function waitForReader(
  { contextValues, signal }: StreamRequest,
  { limits, draining }: { readonly limits: Pick<Limits, 'watchMs'>; readonly draining: AbortSignal },
): Waiting {
  const controller = new AbortController();
  const onAbort = () => {
    const { reason } = signal;
    const isLate = reason instanceof ConnectError && reason.code === Code.DeadlineExceeded;
    controller.abort(isLate ? deadlinePassed() : callerLeft());
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

/** Stops waiting when the stream is over, however it ends. */
export async function answerReader<R extends UnaryResponse | StreamResponse>(
  { stop }: Pick<Waiting, 'stop'>,
  answer: () => Promise<R>,
): Promise<R> {
  const failed = (error: unknown) => {
    stop();
    return error;
  };
  try {
    const response = await answer();
    return response.stream
      ? { ...response, message: tellEnd(response.message, { completed: stop, failed, left: stop }) }
      : response;
  } catch (error) {
    throw failed(error);
  }
}

function deadlinePassed(): DomainError {
  return new DomainError('DEADLINE_EXCEEDED', 'the deadline passed');
}

function callerLeft(): DomainError {
  return new DomainError('CANCELLED', 'the caller went away');
}
