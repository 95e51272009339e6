/** The socket behind the port: in clear text, or encrypted and, when configured, for known clients alone. */
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Limits } from '../config.ts';
import { StartError } from '../start-error.ts';
import type { TlsConfig } from '../tls-config.ts';

/**
 * Calls `accept` for each connection that may speak: with TLS, after its handshake. Every connection closes with the
 * one under it. Throws StartError, in one line, when a file of the configuration cannot be used.
 */
export function createSocketServer(
  tls: TlsConfig | undefined,
  limits: Pick<Limits, 'firstBytesMs'>,
  accept: (socket: Socket) => void,
): Server {
  const options = { allowHalfOpen: true, noDelay: true, keepAlive: true };
  if (!tls) {
    return createServer(options, accept);
  }
  const server = openTlsServer(
    {
      ...options,
      ...readFiles(tls),
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: limits.firstBytesMs,
    },
    accept,
  );
  // A handshake that fails is the client's to mend: its connection is closed, and nobody else is touched.
  server.on('tlsClientError', () => {});
  return server;
}

function openTlsServer(options: TlsOptions, accept: (socket: Socket) => void): Server {
  try {
    return createTlsServer(options, accept);
  } catch (error) {
    throw new StartError(
      `cannot use the files of TLS_CERT_FILE and TLS_KEY_FILE: ${(error as Error).message}`,
    );
  }
}

function readFiles({ certificateFile, keyFile, clientAuthorityFile }: TlsConfig) {
  const files = { cert: readPem(certificateFile), key: readPem(keyFile) };
  return clientAuthorityFile
    ? { ...files, ca: readPem(clientAuthorityFile), requestCert: true, rejectUnauthorized: true }
    : files;
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new StartError(`cannot read ${path}: ${(error as Error).message}`);
  }
}
