/** Runs in a page: calls the service as a web app would, and gives back what it saw, in JSON. */
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-web';
import { EventService } from '../../../src/gen/automation/v1/event_service_pb.ts';
import { ErrorInfoSchema, RequestInfoSchema } from '../../../src/gen/google/rpc/error_details_pb.ts';
import { UserService } from '../../../src/gen/progression/v1/user_service_pb.ts';

const TRANSPORTS = { connect: createConnectTransport, 'grpc-web': createGrpcWebTransport };

export interface Target {
  readonly baseUrl: string;
  readonly protocol: keyof typeof TRANSPORTS;
}

export interface Seen {
  readonly messages: string[];
  readonly callId?: string | null;
  readonly replayed?: string | null;
  readonly code?: string;
  readonly reason?: string;
  readonly errorCallId?: string;
}

export async function getUser(target: Target, userId: string, sent: Record<string, string>): Promise<Seen> {
  const client = createClient(UserService, TRANSPORTS[target.protocol](target));
  return watching(sent, async function* (options) {
    yield `${(await client.getUser({ userId }, options)).user?.id}`;
  });
}

export async function watchEvents(target: Target, sent: Record<string, string>): Promise<Seen> {
  const client = createClient(EventService, TRANSPORTS[target.protocol](target));
  return watching(sent, async function* (options) {
    for await (const { resumeToken } of client.watchEvents({}, options)) {
      yield resumeToken;
    }
  });
}

interface Options {
  readonly headers: Record<string, string>;
  readonly timeoutMs: number;
  onHeader(headers: Headers): void;
}

async function watching(
  headers: Record<string, string>,
  call: (options: Options) => AsyncIterable<string>,
): Promise<Seen> {
  const messages: string[] = [];
  let received = new Headers();
  const options = {
    headers,
    timeoutMs: 10_000,
    onHeader(all: Headers) {
      received = all;
    },
  };
  try {
    for await (const message of call(options)) {
      messages.push(message);
    }
    return {
      messages,
      callId: received.get('x-request-id'),
      replayed: received.get('idempotency-replayed'),
    };
  } catch (reason) {
    const error = ConnectError.from(reason);
    return {
      messages,
      code: Code[error.code],
      reason: error.findDetails(ErrorInfoSchema)[0]?.reason,
      errorCallId: error.findDetails(RequestInfoSchema)[0]?.requestId,
    };
  }
}
