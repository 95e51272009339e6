/** The listening socket: in clear text, or with TLS and, when configured, client certificates. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Limits } from '../../config/config.ts';
import type { TlsConfig } from '../../config/tls-config.ts';
import type { Logger } from '../logger.ts';
import { openTlsFiles } from './tls-files.ts';

/**
 * Calls `accept` for each connection that is ready; with TLS, after the handshake. An encrypted connection
 * closes together with the one below it. New connections use the current files; open connections keep their
 * session. Throws StartError when a configured file cannot be used.
 */
export function createSocketServer(
  tls: TlsConfig | undefined,
  limits: Pick<Limits, 'firstBytesMs' | 'tlsReloadMs'>,
  logger: Logger,
  accept: (socket: Socket) => void,
): Server {
  const options = { noDelay: true, keepAlive: true };
  if (!tls) {
    return createServer({ ...options, allowHalfOpen: true }, accept);
  }
  const files = openTlsFiles(tls);
  const server = createTlsServer(
    {
      // allowHalfOpen would keep the connection of a peer that leaves during its handshake.
      ...options,
      ...files.options,
      ...(tls.clientAuthorityFile ? { requestCert: true, rejectUnauthorized: true } : {}),
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: limits.firstBytesMs,
    },
    accept,
  );
  // A failed handshake is the client's fault: it closes that connection only.
  server.on('tlsClientError', () => {});
  server.on('listening', () => {
    const stop = files.follow(limits, logger, (options) => server.setSecureContext(options));
    server.on('close', stop);
  });
  return server;
}
