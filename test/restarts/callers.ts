/** Clients as the documentation recommends: each has the addresses of both servers, and retries. */

import { readFileSync } from 'node:fs';
import { create, type DescMethodUnary, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { createConnectTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { createRetryingTransport } from '../../examples/retrying-transport.ts';

export interface Answer<T> {
  readonly message: T;
  /** It is the stored one of an earlier attempt. */
  readonly isReplayed: boolean;
}

export interface Caller {
  readonly name: string;
  /** One call with this client's own retries; rejects with the error that a user of the client gets. */
  call<I extends DescMethodUnary['input'], O extends DescMethodUnary['output']>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer<MessageShape<O>>>;
  close(): void;
}

const SERVICE_CONFIG = readFileSync(
  new URL('../../proto/progression/v1/service_config.json', import.meta.url),
  'utf8',
);
const CONNECT_TIMEOUT_MS = 5_000;

/** grpc-js with the published service config, as it is: it stays with one server while that serves. */
export function createPickFirstCaller(ports: readonly number[]): Caller {
  return createGrpcCaller('grpc-js, pick_first', ports, SERVICE_CONFIG);
}

/** grpc-js with the published service config, and its calls spread over both servers. */
export function createRoundRobinCaller(ports: readonly number[]): Caller {
  const config = { ...JSON.parse(SERVICE_CONFIG), loadBalancingConfig: [{ round_robin: {} }] };
  return createGrpcCaller('grpc-js, round_robin', ports, JSON.stringify(config));
}

function createGrpcCaller(name: string, ports: readonly number[], serviceConfig: string): Caller {
  const target = `ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(',')}`;
  const client = new Client(target, credentials.createInsecure(), { 'grpc.service_config': serviceConfig });
  return {
    name,
    call(method, request, headers) {
      return new Promise((resolve, reject) => {
        let isReplayed = false;
        client
          .makeUnaryRequest(
            `/${method.parent.typeName}/${method.name}`,
            (message: typeof request) => Buffer.from(toBinary(method.input, message)),
            (bytes: Buffer) => fromBinary(method.output, bytes),
            request,
            Metadata.fromHttp2Headers({ ...headers }),
            (error, message) =>
              error ? reject(error) : resolve({ message: message ?? create(method.output), isReplayed }),
          )
          .on('metadata', (metadata) => {
            isReplayed = metadata.get('idempotency-replayed').includes('true');
          });
      });
    },
    close: () => client.close(),
  };
}

/** Connect over HTTP/2; it has no service config, so its retries are the example's. */
export function createConnectCaller(ports: readonly number[]): Caller {
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const sessions = urls.map((url) => new Http2SessionManager(url));
  const transport = createRetryingTransport(
    urls.map((baseUrl, index) =>
      createConnectTransport({ baseUrl, httpVersion: '2', sessionManager: sessions[index] }),
    ),
  );
  return {
    name: 'Connect',
    async call(method, request, headers) {
      const answer = await transport.unary(method, undefined, CONNECT_TIMEOUT_MS, headers, request);
      return { message: answer.message, isReplayed: answer.header.has('idempotency-replayed') };
    },
    close() {
      for (const session of sessions) {
        session.abort();
      }
    },
  };
}
