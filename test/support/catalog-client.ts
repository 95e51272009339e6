/** The catalogue's services behind the server's interceptors, without a port, for an account of its own. */

import { type Client, ConnectError, createClient } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { expect } from 'vitest';
import { createUserService } from '../../src/athletes/user-service.ts';
import { createAuditService } from '../../src/audit/audit-service.ts';
import { automationHistory } from '../../src/automation/forget-athlete.ts';
import { createProgramService } from '../../src/catalog/program-service.ts';
import { readConfig } from '../../src/config/config.ts';
import type { Reason } from '../../src/errors/domain-error.ts';
import { ERROR_TABLE } from '../../src/errors/error-table.ts';
import { BadRequestSchema, ErrorInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { AuditService } from '../../src/gen/progression/v1/audit_service_pb.ts';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import type { Database } from '../../src/store/database.ts';
import { type Clock, instantFromText } from '../../src/values/instant.ts';
import { createServiceTransport } from './service-transport.ts';

export interface CatalogClient {
  readonly accountId: string;
  readonly programs: Client<typeof ProgramService>;
  readonly users: Client<typeof UserService>;
  readonly audit: Client<typeof AuditService>;
}

/** The time of the service's fixed clock, unless a test passes a clock. */
export const TEST_NOW = '2026-03-01T10:00:00.123456Z';

/** A client of an account of its own, or of the one given. Defects are logged; refusals are not. */
export function createCatalogClient(
  database: Database,
  {
    accountId = uuidv7(),
    clock = () => instantFromText(TEST_NOW),
  }: { accountId?: string; clock?: Clock } = {},
): CatalogClient {
  const config = readConfig({});
  const deps = { database, clock, config };
  const transport = createServiceTransport(
    { accountId, clock, limits: config.limits, logLevel: 'error' },
    (router) => {
      router.service(ProgramService, createProgramService(deps));
      router.service(UserService, createUserService({ ...deps, history: automationHistory }));
      router.service(AuditService, createAuditService(deps));
    },
  );
  return {
    accountId,
    programs: createClient(ProgramService, transport),
    users: createClient(UserService, transport),
    audit: createClient(AuditService, transport),
  };
}

/** A call without a request ID. */
export const WITHOUT_REQUEST_ID = { headers: { 'idempotency-key': '' } };

/**
 * Expects a call to be refused for a reason, with its status code; with fields, for what is wrong with these.
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
  const [info] = error.findDetails(ErrorInfoSchema);
  expect(info?.reason ?? error.message).toBe(reason);
  expect(error.code).toBe(ERROR_TABLE[reason].code);
  if (fields) {
    const [badRequest] = error.findDetails(BadRequestSchema);
    expect(badRequest?.fieldViolations.map(({ field }) => field)).toEqual(fields);
  }
  return error;
}
