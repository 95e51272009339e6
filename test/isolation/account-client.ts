/** Every service of the API on one database handle, called as any account, without permission checks. */

import { type Client, createClient, createRouterTransport, type Interceptor } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';
import { createUserService } from '../../src/athletes/user-service.ts';
import { createAuditService } from '../../src/audit/audit-service.ts';
import { automationHistory } from '../../src/automation/forget-athlete.ts';
import { callContextKey } from '../../src/calls/call-context.ts';
import { toConnectError } from '../../src/calls/error-status.ts';
import { createProgramService } from '../../src/catalog/program-service.ts';
import { type Config, readConfig } from '../../src/config/config.ts';
import { AuditService } from '../../src/gen/progression/v1/audit_service_pb.ts';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { createProgressionService } from '../../src/progression/service.ts';
import { observeEnd } from '../../src/server/port/streamed-call.ts';
import type { Database } from '../../src/store/database.ts';
import { systemClock } from '../../src/values/system-clock.ts';

export const SERVICES = [ProgressionService, ProgramService, UserService, AuditService] as const;

export interface AccountClient {
  readonly progression: Client<typeof ProgressionService>;
  readonly programs: Client<typeof ProgramService>;
  readonly users: Client<typeof UserService>;
  readonly audit: Client<typeof AuditService>;
}

/** One service process on the database: all of its clients share its queues and caches. */
export function createAccountClients(database: Database): (accountId: string) => AccountClient {
  const deps = { database, clock: systemClock, config: readPatientConfig(), reportError: () => undefined };
  const progression = createProgressionService(deps);
  const programs = createProgramService(deps);
  const users = createUserService({ ...deps, history: automationHistory });
  const audit = createAuditService(deps);
  return (accountId) => {
    const transport = createRouterTransport(
      (router) => {
        router.service(ProgressionService, progression);
        router.service(ProgramService, programs);
        router.service(UserService, users);
        router.service(AuditService, audit);
      },
      { router: { interceptors: [callAs(accountId, deps.config.limits.maximumDeadlineMs)] } },
    );
    return {
      progression: createClient(ProgressionService, transport),
      programs: createClient(ProgramService, transport),
      users: createClient(UserService, transport),
      audit: createClient(AuditService, transport),
    };
  };
}

/** Long, because events wait on a slow machine. */
function readPatientConfig(): Config {
  const config = readConfig({});
  return { ...config, limits: { ...config.limits, queueWaitMs: config.limits.maximumDeadlineMs } };
}

/** A stream fails while it is read. */
const STREAM_END = { completed: () => undefined, failed: toConnectError, left: () => undefined };

/** Sets the context of a call by this account, as the server's interceptors do. */
function callAs(accountId: string, timeoutMs: number): Interceptor {
  return (next) => async (request) => {
    request.contextValues.set(callContextKey, {
      accountId,
      actor: 'isolation',
      actorKind: 'SYSTEM',
      requestId: uuidv7(),
      receivedAt: systemClock(),
      deadlineAtMs: performance.now() + timeoutMs,
      signal: request.signal,
    });
    try {
      const answer = await next(request);
      return answer.stream ? { ...answer, message: observeEnd(answer.message, STREAM_END) } : answer;
    } catch (error) {
      throw toConnectError(error);
    }
  };
}
