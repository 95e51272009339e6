/** The HTTP/1.1 half of the port: Connect and gRPC-Web, for browsers, curl and older proxies. */
import { createServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Limits } from '../../config/config.ts';
import { refuseRequest } from '../admission/overload-refusal.ts';
import { startAge } from './connection-age.ts';
import type { RpcListener } from './rpc-listener.ts';

/** How often connections are checked for timeouts. */
const CHECK_INTERVAL_MS = 1_000;

export interface HttpConnections {
  /** Serves an accepted connection. */
  serve(socket: Socket): void;
  /** Lets running calls finish, and closes each connection when it is idle. */
  drain(): void;
}

interface Connection {
  /** The answers that are not complete. */
  readonly running: Set<ServerResponse>;
  /** Aborted when the connection has reached its age. */
  readonly aged: AbortSignal;
}

/**
 * Requests must be complete within the longest deadline; idle connections are closed after the keep-alive timeout. A
 * connection that has reached its age is closed after its next answer: closing it while it is idle could cut off a call
 * that is on its way.
 */
export function createHttp1Connections(limits: Limits, listener: RpcListener): HttpConnections {
  const connections = new Map<Socket, Connection>();
  let draining = false;

  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: Math.min(limits.requestHeadersMs, limits.maximumDeadlineMs),
    requestTimeout: limits.maximumDeadlineMs,
    keepAliveTimeout: limits.idleConnectionMs,
    connectionsCheckingInterval: CHECK_INTERVAL_MS,
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    const connection = connections.get(socket);
    connection?.running.add(response);
    const isLast = draining || connection?.aged.aborted;
    if (isLast) {
      response.setHeader('connection', 'close');
    }
    response.on('close', () => {
      connection?.running.delete(response);
      closeWhenIdle(socket);
    });
    const opened = listener.open(request.method, request.headers);
    response.setHeaders(new Map(Object.entries(opened.answerHeaders)));
    if (opened.preflight) {
      response.writeHead(204, opened.preflight).end();
      return;
    }
    const refusal = listener.refusalOf(request.url, request.headers, opened);
    if (refusal) {
      refuseRequest(response, refusal);
    } else {
      const aged = isLast ? undefined : connection?.aged;
      listener.serve(request, response, opened, aged);
    }
  });
  // The server itself does not listen, and checks timeouts only after this event.
  server.emit('listening');

  function closeWhenIdle(socket: Socket): void {
    if (draining && connections.get(socket)?.running.size === 0) {
      socket.destroySoon();
    }
  }

  return {
    serve(socket) {
      connections.set(socket, { running: new Set(), aged: startAge(socket, limits) });
      socket.on('close', () => connections.delete(socket));
      server.emit('connection', socket);
    },
    drain() {
      draining = true;
      for (const [socket, { running }] of connections) {
        for (const response of running) {
          if (!response.headersSent) {
            response.setHeader('connection', 'close');
          }
        }
        closeWhenIdle(socket);
      }
      server.close();
    },
  };
}
