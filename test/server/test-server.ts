/** A server on a free port with test services, closed after the test; and clients of every kind. */
import { create, type DescMethodUnary, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { ConnectError, type ConnectRouter, type ServiceImpl, type Transport } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import { Client, credentials, type Metadata } from '@grpc/grpc-js';
import { expect, onTestFinished } from 'vitest';
import { type Config, type Limits, readConfig } from '../../src/config/config.ts';
import type { Reason } from '../../src/errors/domain-error.ts';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from '../../src/gen/google/rpc/error_details_pb.ts';
import { ProgramService } from '../../src/gen/progression/v1/program_service_pb.ts';
import { ProgressionService } from '../../src/gen/progression/v1/progression_service_pb.ts';
import { UserService } from '../../src/gen/progression/v1/user_service_pb.ts';
import { authenticateByHeaders } from '../../src/server/access/authenticator.ts';
import { createLogger } from '../../src/server/logger.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server/server.ts';

export const USER_ID = '0198c2a4-6f0c-7c1c-9a58-8d1d6c2d6e12';

export interface TestServer extends RunningServer {
  /** Every line that the server logged, parsed. */
  readonly logged: Record<string, unknown>[];
}

export interface TestServerOptions extends Omit<Partial<ServerOptions>, 'config'> {
  readonly users?: Partial<ServiceImpl<typeof UserService>>;
  readonly progressions?: Partial<ServiceImpl<typeof ProgressionService>>;
  readonly limits?: Partial<Limits>;
  readonly host?: string;
  readonly tls?: Config['tls'];
  readonly port?: number;
  readonly corsOrigins?: Config['corsOrigins'];
  readonly grpcFastPath?: boolean;
}

/** GetUser echoes the id by default. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const {
    users,
    progressions,
    limits,
    host = '127.0.0.1',
    port = 0,
    tls,
    corsOrigins,
    grpcFastPath = true,
    ...rest
  } = options;
  const logged: Record<string, unknown>[] = [];
  const logger = createLogger('debug', { write: (line) => logged.push(JSON.parse(line)) });
  function routes(router: ConnectRouter): void {
    router.service(UserService, { getUser: ({ userId }) => ({ user: { id: userId } }), ...users });
    router.service(ProgramService, {});
    router.service(ProgressionService, { ...progressions });
  }
  const config = {
    host,
    port,
    tls,
    corsOrigins,
    grpcFastPath,
    limits: { ...readConfig({}).limits, ...limits },
  };
  const server = await startServer({
    config,
    logger,
    authenticate: authenticateByHeaders,
    routes,
    ...rest,
  });
  onTestFinished(() => server.close());
  return { ...server, logged };
}

/** Each protocol over each version of HTTP that carries it. */
export const TRANSPORTS: Readonly<Record<string, (baseUrl: string) => Transport>> = {
  'gRPC over HTTP/2': (baseUrl) => createGrpcTransport({ baseUrl, interceptors: [] }),
  'gRPC-Web over HTTP/2': (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '2' }),
  'gRPC-Web over HTTP/1.1': (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' }),
  'Connect over HTTP/2': (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '2' }),
  'Connect over HTTP/1.1': (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1' }),
  'Connect with JSON over HTTP/1.1': (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: false }),
};

/** A Connect or gRPC-Web call by hand: a JSON POST as curl would send it. */
export async function postJson(
  url: string,
  method: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const response = await fetch(`${url}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
}

/** The details of a failed call, decoded; fails when the call did not fail with a ConnectError. */
export async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => expect.fail('the call succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConnectError)) {
    throw error;
  }
  const [info] = error.findDetails(ErrorInfoSchema);
  const [badRequest] = error.findDetails(BadRequestSchema);
  const [request] = error.findDetails(RequestInfoSchema);
  const [retry] = error.findDetails(RetryInfoSchema);
  return {
    code: error.code,
    message: error.rawMessage,
    reason: info?.reason as Reason | undefined,
    domain: info?.domain,
    metadata: info?.metadata,
    violations: badRequest?.fieldViolations.map(({ field, description }) => ({ field, description })),
    retryDelay: retry?.retryDelay,
    callId: request?.requestId,
  };
}

/** A client of Google's own JavaScript implementation, closed after the test. */
export function createGrpcJsClient(server: RunningServer, options: Record<string, unknown> = {}): Client {
  const client = new Client(`${server.host}:${server.port}`, credentials.createInsecure(), options);
  onTestFinished(() => client.close());
  return client;
}

/** A unary call through grpc-js, with our messages. Rejects with grpc-js's ServiceError. */
export function callGrpcJs<I extends DescMethodUnary['input'], O extends DescMethodUnary['output']>(
  client: Client,
  method: DescMethodUnary<I, O>,
  request: MessageShape<I>,
  metadata: Metadata,
  options: { deadline?: Date } = {},
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `/${method.parent.typeName}/${method.name}`,
      (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
      (bytes: Buffer) => fromBinary(method.output, bytes),
      request,
      metadata,
      options,
      (error, response) => (error ? reject(error) : resolve(response ?? create(method.output))),
    );
  });
}
