/**
 * Services behind the server's interceptors, without a port; every call has an account, an actor and a
 * request ID.
 */
import {
  type ConnectRouter,
  createRouterTransport,
  type Interceptor,
  type Transport,
} from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import type { FurtherChecks } from '../../src/calls/further-checks.ts';
import type { Limits } from '../../src/config/config.ts';
import type { Authenticate } from '../../src/server/access/access-interceptors.ts';
import { createAccessInterceptors } from '../../src/server/access/access-interceptors.ts';
import { authenticateByHeaders } from '../../src/server/access/authenticator.ts';
import { createCallContextInterceptor } from '../../src/server/interceptors/call-context-interceptor.ts';
import { UNOBSERVED } from '../../src/server/interceptors/call-observer.ts';
import { createLogInterceptor } from '../../src/server/interceptors/log-interceptor.ts';
import { createSecretsInterceptor } from '../../src/server/interceptors/secrets-interceptor.ts';
import { createValidationInterceptor } from '../../src/server/interceptors/validation-interceptor.ts';
import { createLogger } from '../../src/server/logger.ts';
import { createRequestGate } from '../../src/server/port/call-arrival.ts';
import type { Clock } from '../../src/values/instant.ts';

/** The caller of the tests' calls. */
export const TEST_ACTOR = 'coach@test';

export interface TransportOptions {
  /** The account of calls without one. */
  readonly accountId: string;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Defects are logged from this level on; refusals are not. */
  readonly logLevel: 'error' | 'silent';
  /** Absent: the caller that the headers name, with every permission. */
  readonly authenticate?: Authenticate;
  /** Absent: the server never drains. */
  readonly draining?: AbortSignal;
  /** Absent: none. */
  readonly furtherChecks?: FurtherChecks;
}

export function createServiceTransport(
  {
    accountId,
    clock,
    limits,
    logLevel,
    authenticate = authenticateByHeaders,
    draining = new AbortController().signal,
    furtherChecks,
  }: TransportOptions,
  routes: (router: ConnectRouter) => void,
): Transport {
  return createRouterTransport(routes, {
    router: {
      requestGate: createRequestGate(() => {}),
      interceptors: [
        createLogInterceptor({ logger: createLogger(logLevel), calls: UNOBSERVED }),
        createSecretsInterceptor(),
        ...createAccessInterceptors(authenticate),
        createValidationInterceptor(furtherChecks),
        createCallContextInterceptor({ limits, clock, draining, onLateFailure: () => {} }),
      ],
    },
    transport: { interceptors: [addMetadata(accountId)] },
  });
}

/** Keeps the account and the request ID of a test's call; an empty request ID means none. */
function addMetadata(accountId: string): Interceptor {
  return (next) => (request) => {
    const { header } = request;
    header.set('x-actor', TEST_ACTOR);
    if (!header.has('x-account-id')) {
      header.set('x-account-id', accountId);
    }
    if (!header.has('idempotency-key') && !header.has('x-request-id')) {
      header.set('idempotency-key', uuidv7());
    }
    for (const name of ['idempotency-key', 'x-request-id']) {
      if (header.get(name) === '') {
        header.delete(name);
      }
    }
    return next(request);
  };
}
