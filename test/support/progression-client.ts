/** ProgressionService behind the server's interceptors, without a port; every call has a request ID. */
import { type CallOptions, type Client, createClient } from '@connectrpc/connect';
import { expect } from 'vitest';
import { type Limits, readConfig } from '../../src/config/config.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { createProgressionService } from '../../src/progression/service.ts';
import type { Database } from '../../src/store/database.ts';
import type { Clock } from '../../src/values/instant.ts';
import { systemClock } from '../../src/values/system-clock.ts';
import { createServiceTransport } from './service-transport.ts';

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
  // Long timeouts, because a busy machine is slow; tests of timeouts set their own.
  const waitMs = defaults.limits.maximumDeadlineMs;
  const timeouts = {
    ...defaults.limits,
    defaultDeadlineMs: waitMs,
    queueWaitMs: waitMs,
    transactionWaitMs: waitMs,
  };
  const config = { ...defaults, limits: { ...timeouts, ...limits } };
  const deps = { database, clock, config, reportError: () => undefined };
  const service = createProgressionService(deps);
  const transport = createServiceTransport({ accountId, clock, limits: config.limits, logLevel }, (router) =>
    router.service(ProgressionService, service),
  );
  return createClient(ProgressionService, transport);
}

/** The options of a call under this request ID. */
export function under(requestId: string): CallOptions {
  return { headers: { 'idempotency-key': requestId } };
}

/** Makes a call under a request ID, and returns whether its answer was the stored one of an earlier call. */
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
