/** Finds out who calls, under which request ID and until when; and answers in time, whatever the handler does. */
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type Interceptor, type UnaryRequest } from '@connectrpc/connect';
import { type CallContext, callContextKey } from '../call-context.ts';
import type { Limits } from '../config.ts';
import { DomainError } from '../domain-error.ts';
import type { Clock } from '../instant.ts';
import { type Principal, principalKey, UUID } from './access/principal.ts';
import { callArrivalKey } from './call-arrival.ts';

export interface CallContextOptions {
  readonly limits: Pick<Limits, 'defaultDeadlineMs' | 'maximumDeadlineMs'>;
  readonly clock: Clock;
  /** Hears of work that failed after its caller had been answered. */
  readonly onLateFailure: (error: unknown, request: UnaryRequest) => void;
}

/**
 * Sets the call context of every unary call. Throws REQUEST_ID_INVALID; DEADLINE_EXCEEDED
 * and CANCELLED as soon as nobody waits for the handler any more.
 */
export function createCallContextInterceptor(options: CallContextOptions): Interceptor {
  return (next) => async (request) => {
    if (request.stream) {
      return next(request);
    }
    const principal = principalOf(request);
    const waiting = waitForCaller(request, options.limits);
    const { signal, deadlineAtMs } = waiting;
    try {
      const call: CallContext = {
        accountId: principal.accountId,
        actor: principal.subject,
        actorKind: actorKindOf(principal.roles),
        requestId: requestIdOf(request),
        receivedAt: options.clock(),
        deadlineAtMs,
        signal,
      };
      signal.throwIfAborted();
      request.contextValues.set(callContextKey, call);
      const answer = next({ ...request, signal });
      answer.catch((error: unknown) => {
        if (signal.aborted && error !== signal.reason) {
          options.onLateFailure(error, request);
        }
      });
      return await Promise.race([answer, waiting.over]);
    } finally {
      waiting.stop();
    }
  };
}

function principalOf({ contextValues }: UnaryRequest): Principal {
  const principal = contextValues.get(principalKey);
  if (!principal) {
    throw new TypeError('the authentication interceptor is not installed');
  }
  return principal;
}

/** The schedule's side, and what only reads, are systems. */
function actorKindOf(roles: readonly string[]): CallContext['actorKind'] {
  if (roles.includes('admin') || roles.includes('coach')) {
    return 'COACH';
  }
  return roles.includes('athlete') ? 'ATHLETE' : 'SYSTEM';
}

/** Whether a method may change something: then its request ID matters. */
function isWriting(method: UnaryRequest['method']): boolean {
  return method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
}

/** Until when somebody waits: `over` rejects, and `signal` aborts, at the deadline or when the client goes away. */
function waitForCaller(request: UnaryRequest, limits: CallContextOptions['limits']) {
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
    giveUp(new DomainError('DEADLINE_EXCEEDED', 'the deadline passed'));
  }
  function onAbort(): void {
    const reason = request.signal.reason;
    if (reason instanceof ConnectError && reason.code === Code.DeadlineExceeded) {
      onDeadline();
    } else {
      giveUp(new DomainError('CANCELLED', 'the caller went away'));
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

/** Reads need no request ID, so a malformed one is not refused there. */
function requestIdOf({ header, method }: UnaryRequest): string | undefined {
  const requestId = requestIdIn(header);
  const name = requestIdHeader(header);
  if (requestId === undefined && header.has(name) && isWriting(method)) {
    throw new DomainError('REQUEST_ID_INVALID', `the metadata ${name} must be a UUID`);
  }
  return requestId;
}

/** The request ID that a call's metadata bring, in lower case; undefined when there is none or it is no UUID. */
export function requestIdIn(header: Headers): string | undefined {
  const requestId = header.get(requestIdHeader(header)) ?? '';
  return UUID.test(requestId) ? requestId.toLowerCase() : undefined;
}

/** `x-request-id` counts only without an `idempotency-key`: proxies rewrite it. */
function requestIdHeader(header: Headers): string {
  return header.has('idempotency-key') ? 'idempotency-key' : 'x-request-id';
}
