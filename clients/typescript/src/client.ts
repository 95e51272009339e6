/** One object with a client for each service, which share credentials, request IDs and retries. */
import { type Client, createClient, type Transport } from '@connectrpc/connect';
import { EventService } from './gen/automation/v1/event_service_pb.js';
import { TriggerService } from './gen/automation/v1/trigger_service_pb.js';
import { WorkflowService } from './gen/automation/v1/workflow_service_pb.js';
import { AuditService } from './gen/progression/v1/audit_service_pb.js';
import { ProgramService } from './gen/progression/v1/program_service_pb.js';
import { ProgressionService } from './gen/progression/v1/progression_service_pb.js';
import { UserService } from './gen/progression/v1/user_service_pb.js';
import { needsRequestId, newRequestId, REQUEST_ID_HEADER } from './request-id.js';
import { DEFAULT_RETRIES, type RetryPolicy, runWithRetries } from './retries.js';

/** How calls are made. A call's own headers win over what is set here. */
export interface ClientOptions {
  /** A UUID. Absent: the credential's account; without a credential the server's demo account. */
  readonly accountId?: string;
  /** A bearer token, or a function that gives a fresh one; it is asked before every attempt. */
  readonly token?: string | (() => string | Promise<string>);
  /** Who the audit trail names when calls have no credential; at most 200 characters. */
  readonly actor?: string;
  /** For all attempts of a unary call together, in milliseconds; 10,000 when absent. The server's limit is 30,000. */
  readonly timeoutMs?: number;
  readonly retries?: Partial<RetryPolicy>;
}

export interface ProgressionClient {
  readonly progressions: Client<typeof ProgressionService>;
  readonly programs: Client<typeof ProgramService>;
  readonly users: Client<typeof UserService>;
  readonly audit: Client<typeof AuditService>;
  readonly workflows: Client<typeof WorkflowService>;
  readonly triggers: Client<typeof TriggerService>;
  readonly events: Client<typeof EventService>;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Every writing call gets a request ID, unless it has one, and keeps it in all its attempts: a write is applied once,
 * however often it is sent. Errors are ConnectErrors; `readErrorDetails` and `hasReason` tell them apart.
 */
export function createProgressionClient(
  transport: Transport,
  options: ClientOptions = {},
): ProgressionClient {
  const own = withConventions(transport, options);
  return {
    progressions: createClient(ProgressionService, own),
    programs: createClient(ProgramService, own),
    users: createClient(UserService, own),
    audit: createClient(AuditService, own),
    workflows: createClient(WorkflowService, own),
    triggers: createClient(TriggerService, own),
    events: createClient(EventService, own),
  };
}

function withConventions(transport: Transport, options: ClientOptions): Transport {
  const { timeoutMs: usualTimeoutMs = DEFAULT_TIMEOUT_MS, token } = options;
  const policy = { ...DEFAULT_RETRIES, ...options.retries };

  /** A copy for each attempt: interceptors may change what they are given. */
  async function headersOf(own: Headers): Promise<Headers> {
    const headers = new Headers(own);
    setIfAbsent(headers, 'x-account-id', options.accountId);
    setIfAbsent(headers, 'x-actor', options.actor);
    if (token !== undefined && !headers.has('authorization')) {
      headers.set('authorization', `Bearer ${typeof token === 'function' ? await token() : token}`);
    }
    return headers;
  }

  return {
    unary(method, signal, timeoutMs, header, input, contextValues) {
      const own = new Headers(header);
      if (needsRequestId(method)) {
        setIfAbsent(own, REQUEST_ID_HEADER, newRequestId());
      }
      return runWithRetries(policy, { signal, timeoutMs: timeoutMs ?? usualTimeoutMs }, async (leftMs) =>
        transport.unary(method, signal, leftMs, await headersOf(own), input, contextValues),
      );
    },
    async stream(method, signal, timeoutMs, header, input, contextValues) {
      const headers = await headersOf(new Headers(header));
      return transport.stream(method, signal, timeoutMs, headers, input, contextValues);
    },
  };
}

function setIfAbsent(headers: Headers, name: string, value: string | undefined): void {
  if (value !== undefined && !headers.has(name)) {
    headers.set(name, value);
  }
}
