/** Sets the call context, and answers at the deadline even when the handler does not. */
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { Interceptor, UnaryRequest } from '@connectrpc/connect';
import { type CallContext, callContextKey } from '../../calls/call-context.ts';
import { shown } from '../../calls/shown-text.ts';
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import type { Clock } from '../../values/instant.ts';
import { type Principal, principalKey, UUID } from '../access/principal.ts';
import {
  type AnyRequest,
  type CallLifetime,
  endLifetimeWithStream,
  startStreamLifetime,
  startUnaryLifetime,
} from '../admission/call-lifetime.ts';

export interface CallContextOptions {
  readonly limits: Pick<Limits, 'defaultDeadlineMs' | 'maximumDeadlineMs' | 'watchMs'>;
  readonly clock: Clock;
  /** Reports work that failed after its call had been answered. */
  readonly onLateFailure: (error: unknown, request: UnaryRequest) => void;
  /** Aborted on drain: streams end, unary calls finish. */
  readonly draining: AbortSignal;
}

/**
 * Sets the call context of every call. Throws REQUEST_ID_INVALID; throws DEADLINE_EXCEEDED at the deadline
 * and CANCELLED when the client cancels, without lifetime for the handler. The handler of a stream must react
 * to its signal, whose reason is the error to throw.
 */
export function createCallContextInterceptor(options: CallContextOptions): Interceptor {
  return (next) => async (request) => {
    if (request.stream) {
      const lifetime = startStreamLifetime(request, options);
      request.contextValues.set(callContextKey, callContextFor(request, lifetime, options.clock));
      return endLifetimeWithStream(lifetime, () => next(request));
    }
    const lifetime = startUnaryLifetime(request, options.limits);
    const { signal } = lifetime;
    try {
      const call = callContextFor(request, lifetime, options.clock);
      signal.throwIfAborted();
      request.contextValues.set(callContextKey, call);
      const answer = next({ ...request, signal });
      answer.catch((error: unknown) => {
        if (signal.aborted && error !== signal.reason) {
          options.onLateFailure(error, request);
        }
      });
      return await Promise.race([answer, lifetime.over]);
    } finally {
      lifetime.stop();
    }
  };
}

function callContextFor(
  request: AnyRequest,
  { deadlineAtMs, signal }: CallLifetime,
  clock: Clock,
): CallContext {
  const principal = principalOf(request);
  return {
    accountId: principal.accountId,
    actor: principal.subject,
    actorKind: actorKindOf(principal.roles),
    requestId: requestIdOf(request),
    receivedAt: clock(),
    deadlineAtMs,
    signal,
  };
}

function principalOf({ contextValues }: AnyRequest): Principal {
  const principal = contextValues.get(principalKey);
  if (!principal) {
    throw new TypeError('the authentication interceptor is not installed');
  }
  return principal;
}

/** Callers with the schedule service's role, and those that only read, are systems. */
function actorKindOf(roles: readonly string[]): CallContext['actorKind'] {
  if (roles.includes('admin') || roles.includes('coach')) {
    return 'COACH';
  }
  return roles.includes('athlete') ? 'ATHLETE' : 'SYSTEM';
}

/** Whether a method may change state; only then the request ID matters. */
function isWriting(method: AnyRequest['method']): boolean {
  return method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
}

/** Reads need no request ID, so an invalid one is ignored there. */
function requestIdOf({ header, method }: AnyRequest): string | undefined {
  const requestId = requestIdIn(header);
  const name = requestIdHeader(header);
  if (requestId === undefined && header.has(name) && isWriting(method)) {
    const was = shown(header.get(name) ?? '');
    throw new DomainError('REQUEST_ID_INVALID', `the metadata ${name} must be a UUID; was ${was}`);
  }
  return requestId;
}

/** As a structured field: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header */
const QUOTED = /^"(.*)"$/;

/** The request ID in the metadata, in lower case; undefined when there is none or it is not a UUID. */
export function requestIdIn(header: Headers): string | undefined {
  const name = requestIdHeader(header);
  const sent = header.get(name) ?? '';
  const requestId = name === 'idempotency-key' ? sent.replace(QUOTED, '$1') : sent;
  return UUID.test(requestId) ? requestId.toLowerCase() : undefined;
}

/** `x-request-id` counts only without an `idempotency-key`, because proxies rewrite it. */
function requestIdHeader(header: Headers): string {
  return header.has('idempotency-key') ? 'idempotency-key' : 'x-request-id';
}
