/** ProgressionService behind the server's interceptors, without a port; every call has a request ID. */
import { type CallOptions, type Client, createClient, createRouterTransport } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { expect } from 'vitest';
import { type Limits, readConfig } from '../../src/config.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { type Clock, systemClock } from '../../src/instant.ts';
import { createProgressionService } from '../../src/progression/service.ts';
import { createAccessInterceptors } from '../../src/server/access/access-interceptors.ts';
import { authenticateByHeaders } from '../../src/server/access/trusted-headers.ts';
import { createRequestGate } from '../../src/server/call-arrival.ts';
import { createCallContextInterceptor } from '../../src/server/call-context-interceptor.ts';
import { UNOBSERVED } from '../../src/server/call-observer.ts';
import { createLogInterceptor } from '../../src/server/log-interceptor.ts';
import { createLogger } from '../../src/server/logger.ts';
import { createValidationInterceptor } from '../../src/server/validation-interceptor.ts';
import type { Database } from '../../src/store/database.ts';
import { TEST_ACTOR } from './catalog-client.ts';

export type ProgressionClient = Client<typeof ProgressionService>;

export interface ClientOptions {
  readonly accountId: string;
  readonly clock?: Clock;
  readonly limits?: Partial<Limits>;
  /** Defects are logged from this level on; silent for tests that cause them on purpose. */
  readonly logLevel?: 'error' | 'silent';
}

/** A service of its own on the database, as one server process would have, and a client of it. */
export function createProgressionClient(
  database: Database,
  { accountId, clock = systemClock, limits = {}, logLevel = 'error' }: ClientOptions,
): ProgressionClient {
  const defaults = readConfig({});
  const config = { ...defaults, limits: { ...defaults.limits, ...limits } };
  const logger = createLogger(logLevel);
  const service = createProgressionService({
    database,
    clock,
    config,
    reportError: () => undefined,
  });
  const transport = createRouterTransport((router) => router.service(ProgressionService, service), {
    router: {
      requestGate: createRequestGate(() => {}),
      interceptors: [
        createLogInterceptor({ logger, calls: UNOBSERVED }),
        ...createAccessInterceptors(authenticateByHeaders),
        createValidationInterceptor(),
        createCallContextInterceptor({ limits: config.limits, clock, onLateFailure: () => {} }),
      ],
    },
    transport: {
      interceptors: [
        (next) => (request) => {
          const { header } = request;
          header.set('x-account-id', accountId);
          header.set('x-actor', TEST_ACTOR);
          if (!header.has('idempotency-key') && !header.has('x-request-id')) {
            header.set('idempotency-key', uuidv7());
          }
          for (const name of ['idempotency-key', 'x-request-id']) {
            if (header.get(name) === '') {
              header.delete(name);
            }
          }
          return next(request);
        },
      ],
    },
  });
  return createClient(ProgressionService, transport);
}

/** The options of a call under this request ID. */
export function under(requestId: string): CallOptions {
  return { headers: { 'idempotency-key': requestId } };
}

/** Makes a call under a request ID, and tells whether its answer was the stored one of an earlier call. */
export async function callUnder<T>(
  requestId: string,
  call: (options: CallOptions) => Promise<T>,
): Promise<{ answer: T; isReplayed: boolean }> {
  let replayed: string | null = null;
  const answer = await call({
    ...under(requestId),
    onHeader: (headers) => {
      replayed = headers.get('idempotency-replayed');
    },
  });
  expect([null, 'true']).toContain(replayed);
  return { answer, isReplayed: replayed === 'true' };
}
