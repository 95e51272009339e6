/** The catalogue's services without a port, for an account of its own; every call has a request ID. */
import {
  type Client,
  ConnectError,
  createClient,
  createRouterTransport,
  type Interceptor,
} from '@connectrpc/connect';
import { createValidateInterceptor } from '@connectrpc/validate';
import { v7 as uuidv7 } from 'uuid';
import { expect } from 'vitest';
import { callContextKey } from '../../src/call-context.ts';
import { createProgramService } from '../../src/catalog/program-service.ts';
import { createUserService } from '../../src/catalog/user-service.ts';
import { readConfig } from '../../src/config.ts';
import type { Reason } from '../../src/domain-error.ts';
import { ERROR_TABLE, toRefusal } from '../../src/error-table.ts';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { type Clock, instantFromText } from '../../src/instant.ts';
import type { Database } from '../../src/store/database.ts';

export interface CatalogClient {
  readonly accountId: string;
  readonly programs: Client<typeof ProgramService>;
  readonly users: Client<typeof UserService>;
}

/** The instant at which the service stands still, unless a test brings a clock. */
export const TEST_NOW = '2026-03-01T10:00:00.123456Z';

/** A client of an account of its own, or of the one given. */
export function createCatalogClient(
  database: Database,
  {
    accountId = uuidv7(),
    clock = () => instantFromText(TEST_NOW),
  }: { accountId?: string; clock?: Clock } = {},
): CatalogClient {
  const deps = { database, clock, config: readConfig({}) };
  const transport = createRouterTransport(
    (router) => {
      router.service(ProgramService, createProgramService(deps));
      router.service(UserService, createUserService(deps));
    },
    {
      router: { interceptors: [answerRefusals, createValidateInterceptor(), identify(accountId, clock)] },
      transport: { interceptors: [addRequestId] },
    },
  );
  return {
    accountId,
    programs: createClient(ProgramService, transport),
    users: createClient(UserService, transport),
  };
}

/**
 * Expects a call to be refused for a reason, with its status code; with violations, of these fields in this
 * order.
 */
export async function expectRefusal(
  call: Promise<unknown>,
  reason: Reason,
  fields?: readonly string[],
): Promise<ConnectError> {
  const error = await call.then(
    () => expect.unreachable(`the call was answered, not refused with ${reason}`),
    (refusal: unknown) => ConnectError.from(refusal),
  );
  expect(error.metadata.get('reason') ?? error.message).toBe(reason);
  expect(error.code).toBe(ERROR_TABLE[reason].code);
  if (fields) {
    expect(JSON.parse(error.metadata.get('fields') ?? '[]')).toEqual(fields);
  }
  return error;
}

/** Refusals travel in metadata: what the server makes of them is the server's to test. */
const answerRefusals: Interceptor = (next) => async (request) => {
  try {
    return await next(request);
  } catch (error) {
    if (error instanceof ConnectError) {
      throw error;
    }
    const { reason, message, violations } = toRefusal(error);
    throw new ConnectError(
      reason === 'INTERNAL' ? String(error instanceof Error ? error.stack : error) : message,
      ERROR_TABLE[reason].code,
      { reason, fields: JSON.stringify(violations.map((violation) => violation.field)) },
    );
  }
};

function identify(accountId: string, clock: Clock): Interceptor {
  return (next) => (request) => {
    request.contextValues.set(callContextKey, {
      accountId,
      actor: 'coach@test',
      requestId: request.header.get('idempotency-key') || undefined,
      receivedAt: clock(),
      deadlineAtMs: performance.now() + 10_000,
      signal: request.signal,
    });
    return next(request);
  };
}

/** A test that brings an idempotency-key, also an empty one, keeps it. */
const addRequestId: Interceptor = (next) => (request) => {
  if (!request.header.has('idempotency-key')) {
    request.header.set('idempotency-key', uuidv7());
  }
  return next(request);
};
