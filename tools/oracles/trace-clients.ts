/** Clients of the served API for one account. */
import { type Client, createClient, type Interceptor } from '@connectrpc/connect';
import { createGrpcTransport, type Http2SessionManager } from '@connectrpc/connect-node';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { newId } from '../../src/values/new-id.ts';

export interface TraceClients {
  readonly users: Client<typeof UserService>;
  readonly programs: Client<typeof ProgramService>;
  readonly progressions: Client<typeof ProgressionService>;
}

/** Clients that share the connection; every call gets a request ID of its own. */
export function createTraceClients(
  baseUrl: string,
  sessionManager: Http2SessionManager,
  accountId: string,
): TraceClients {
  const identify: Interceptor = (next) => (request) => {
    request.header.set('x-account-id', accountId);
    request.header.set('idempotency-key', newId());
    return next(request);
  };
  const transport = createGrpcTransport({ baseUrl, sessionManager, interceptors: [identify] });
  return {
    users: createClient(UserService, transport),
    programs: createClient(ProgramService, transport),
    progressions: createClient(ProgressionService, transport),
  };
}
