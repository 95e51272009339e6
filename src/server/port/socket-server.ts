/** The socket behind the port: in clear text, or encrypted and, when configured, for known clients alone. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Limits } from '../../config/config.ts';
import type { TlsConfig } from '../../config/tls-config.ts';
import type { Logger } from '../logger.ts';
import { openTlsFiles } from './tls-files.ts';

/**
 * Calls `accept` for each connection that may speak: with TLS, after its handshake. Every connection closes with the
 * one under it. New connections are encrypted with what the files say by then; standing ones go on as they began.
 * Throws StartError, in one line, when a file of the configuration cannot be used.
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
      // Not allowHalfOpen: a peer that leaves in the middle of its handshake would keep its connection.
      ...options,
      ...files.options,
      ...(tls.clientAuthorityFile ? { requestCert: true, rejectUnauthorized: true } : {}),
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: limits.firstBytesMs,
    },
    accept,
  );
  // A handshake that fails is the client's to mend: its connection is closed, and nobody else is touched.
  server.on('tlsClientError', () => {});
  server.on('listening', () => {
    const stop = files.follow(limits, logger, (options) => server.setSecureContext(options));
    server.on('close', stop);
  });
  return server;
}
