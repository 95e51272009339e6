/** The client in browsers, and wherever there is `fetch`: the Connect protocol. Needs `@connectrpc/connect-web`. */
import { type ConnectTransportOptions, createConnectTransport } from '@connectrpc/connect-web';
import { type ClientOptions, createProgressionClient, type ProgressionClient } from './client.js';

export type WebClientOptions = ClientOptions & ConnectTransportOptions;

/** A client of the service at `baseUrl`; on a page of another origin, the service has to allow that origin. */
export function createWebClient(options: WebClientOptions): ProgressionClient {
  return createProgressionClient(createConnectTransport(options), options);
}
