/** One port for HTTP/1.1 and HTTP/2: accepts connections, passes each to the right server, and drains. */
import type { AddressInfo, Socket } from 'node:net';
import type { Limits } from '../../config/config.ts';
import type { TlsConfig } from '../../config/tls-config.ts';
import { createKeyedLimiter } from '../../flow/keyed-limiter.ts';
import type { Logger } from '../logger.ts';
import { detectHttpVersion } from './first-bytes.ts';
import { createHttp1Connections } from './http1-connections.ts';
import { createHttp2Connections } from './http2-connections.ts';
import type { RpcListener } from './rpc-listener.ts';
import { createSocketServer } from './socket-server.ts';

/** Why the server cannot listen, as one line for the operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export interface HttpPort {
  readonly port: number;
  /**
   * Stops accepting, sends GOAWAY to HTTP/2 peers, closes idle connections and lets running calls finish.
   * Connections that are open after `drainMs` are destroyed. Resolves when no connection is left.
   */
  drain(drainMs: number): Promise<void>;
}

/** Opens the port; port 0 takes any free one. Rejects with ListenError when the port cannot be opened. */
export async function openHttpPort(
  host: string,
  port: number,
  limits: Limits,
  listener: RpcListener,
  logger: Logger,
  tls?: TlsConfig,
): Promise<HttpPort> {
  const connections = new Set<Socket>();
  const undecided = new Set<Socket>();
  let draining = false;
  const http1 = createHttp1Connections(limits, listener);
  const http2 = createHttp2Connections(limits, listener);

  function accept(socket: Socket): void {
    // The error closes the connection as well, and its users see the close event.
    socket.on('error', () => {});
    if (draining) {
      // The TLS handshake took too long; GOAWAY cannot be sent on such a connection.
      socket.destroy();
      return;
    }
    undecided.add(socket);
    socket.on('close', () => undecided.delete(socket));
    detectHttpVersion(socket, limits.firstBytesMs, (version) => {
      undecided.delete(socket);
      (version === 'http2' ? http2 : http1).serve(socket);
    });
  }

  const server = createSocketServer(tls, limits, logger, accept);
  // With TLS these are the sockets below the encrypted ones, also during the handshake.
  const slots = createKeyedLimiter({ slots: limits.connections, slotsPerKey: limits.connectionsPerPeer });
  server.on('connection', (socket: Socket) => {
    // undefined when the peer has disconnected.
    const peer = socket.remoteAddress ?? '';
    if (slots.exceeded(peer)) {
      socket.destroy();
    } else {
      connections.add(socket);
      socket.on('close', () => connections.delete(socket));
      socket.once('close', slots.take(peer));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenErrorOf(error, host, port)));
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async drain(drainMs) {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const timer = setTimeout(() => destroyAll(connections), drainMs);
      destroyAll(undecided);
      http1.drain();
      http2.drain();
      await closed;
      clearTimeout(timer);
    },
  };
}

function destroyAll(sockets: Iterable<Socket>): void {
  for (const socket of sockets) {
    socket.destroy();
  }
}

/** The message for the operator. */
export function listenErrorOf(error: NodeJS.ErrnoException, host: string, port: number): ListenError {
  const cause = { cause: error };
  switch (error.code) {
    case 'EADDRINUSE':
      return new ListenError(`port ${port} on ${host} is taken`, cause);
    case 'EACCES':
      return new ListenError(`port ${port} on ${host} needs more rights than this process has`, cause);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ListenError(`${host} is not an address of this machine`, cause);
    default:
      return new ListenError(`cannot listen on port ${port} of ${host}: ${error.message}`, cause);
  }
}
