/** The client in Node: gRPC over HTTP/2. Needs `@connectrpc/connect-node`. */
import { createGrpcTransport, type GrpcTransportOptions } from '@connectrpc/connect-node';
import { type ClientOptions, createProgressionClient, type ProgressionClient } from './client.js';

export type NodeClientOptions = ClientOptions & GrpcTransportOptions;

/**
 * A client of the service at `baseUrl`, such as `https://progression.example.com`. `nodeOptions` take certificates,
 * as Node's http2.connect does.
 */
export function createNodeClient(options: NodeClientOptions): ProgressionClient {
  return createProgressionClient(createGrpcTransport(options), options);
}
