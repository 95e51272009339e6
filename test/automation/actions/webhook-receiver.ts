/** A receiver of webhooks on the loopback interface: keeps what it got, and answers as the test wants. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Certificate } from '../../support/certificates.ts';

export interface ReceivedWebhook {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface WebhookReceiver {
  /** Without a path, as in `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly port: number;
  readonly received: ReceivedWebhook[];
  close(): Promise<void>;
}

/** Answers one webhook; may leave it without an answer. */
export type Answering = (response: ServerResponse, webhook: ReceivedWebhook) => void | Promise<void>;

/** Answers with a status, headers and nothing else. */
export const withStatus =
  (status: number, headers: Record<string, string> = {}): Answering =>
  (response) => {
    response.writeHead(status, headers).end();
  };

/** With a certificate it speaks https. */
export async function startReceiver(
  answer: Answering = withStatus(204),
  { host = '127.0.0.1', certificate }: { host?: string; certificate?: Certificate } = {},
): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  const listen = async (request: IncomingMessage, response: ServerResponse) => {
    const webhook = {
      method: `${request.method}`,
      path: `${request.url}`,
      headers: request.headers,
      body: await text(request),
    };
    received.push(webhook);
    await answer(response, webhook);
  };
  const server: Server = certificate
    ? createTlsServer({ cert: certificate.certificate, key: certificate.key }, listen)
    : createServer(listen);
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${certificate ? 'https' : 'http'}://${host}:${port}`,
    port,
    received,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
