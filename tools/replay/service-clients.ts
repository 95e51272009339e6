/** Clients of the service that retry with the same request ID until there is an answer. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type CallOptions,
  type Client,
  Code,
  ConnectError,
  createClient,
  type Interceptor,
} from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { backoffMs } from '../../src/flow/backoff.ts';
import { ErrorInfoSchema } from '../../src/gen/google/rpc/error_details_pb.ts';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';

export interface ServiceClients {
  readonly users: Client<typeof UserService>;
  readonly programs: Client<typeof ProgramService>;
  readonly progression: Client<typeof ProgressionService>;
  /** Ends the connection. */
  close(): void;
}

const CALL_TIMEOUT_MS = 30_000;
const TRIES = 4;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 400;
const RETRIED_CODES: ReadonlySet<Code> = new Set([Code.Unavailable, Code.Aborted]);

/** With a token when the service requires one. */
export function createServiceClients(url: string, token?: string): ServiceClients {
  const sessionManager = new Http2SessionManager(url);
  const transport = createGrpcTransport({
    baseUrl: url,
    sessionManager,
    defaultTimeoutMs: CALL_TIMEOUT_MS,
    interceptors: token === undefined ? [retry] : [retry, bear(token)],
  });
  return {
    users: createClient(UserService, transport),
    programs: createClient(ProgramService, transport),
    progression: createClient(ProgressionService, transport),
    close: () => sessionManager.abort(),
  };
}

function bear(token: string): Interceptor {
  return (next) => (request) => {
    request.header.set('authorization', `Bearer ${token}`);
    return next(request);
  };
}

const retry: Interceptor = (next) => async (request) => {
  for (let tried = 1; ; tried += 1) {
    try {
      return await next(request);
    } catch (error) {
      if (tried === TRIES || !RETRIED_CODES.has(ConnectError.from(error).code)) {
        throw error;
      }
      await delay(backoffMs(tried, { firstMs: FIRST_DELAY_MS, longestMs: LONGEST_DELAY_MS }));
    }
  }
};

/** Makes a writing call under a request ID, and returns whether the service knew it already. */
export async function write<T>(
  requestId: string,
  call: (options: CallOptions) => Promise<T>,
): Promise<{ answer: T; isReplayed: boolean }> {
  let isReplayed = false;
  const answer = await call({
    headers: { 'idempotency-key': requestId },
    onHeader(headers) {
      isReplayed = headers.get('idempotency-replayed') === 'true';
    },
  });
  return { answer, isReplayed };
}

/** The description of a failed call for a user, in one line. */
export function describeCallFailure(error: ConnectError, url: string): string {
  const [info] = error.findDetails(ErrorInfoSchema);
  if (info) {
    return `the service at ${url} refused: ${info.reason}: ${error.rawMessage}`;
  }
  return `no service answers at ${url}: ${error.rawMessage}`;
}
