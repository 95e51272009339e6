/** The HTTP/1.1 half of the port: Connect and gRPC-Web, for browsers, curl and older proxies. */
import { createServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Limits } from '../../config/config.ts';
import { refuseRequest } from '../admission/overload-refusal.ts';
import type { RpcListener } from './rpc-listener.ts';

/** How often connections are checked for timeouts. */
const CHECK_INTERVAL_MS = 1_000;

export interface HttpConnections {
  /** Serves an accepted connection. */
  serve(socket: Socket): void;
  /** Lets running calls finish, and closes each connection when it is idle. */
  drain(): void;
}

/**
 * Requests must be complete within the longest deadline; idle connections are closed after the keep-alive
 * timeout.
 */
export function createHttp1Connections(limits: Limits, listener: RpcListener): HttpConnections {
  const runningOf = new Map<Socket, Set<ServerResponse>>();
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
    runningOf.get(socket)?.add(response);
    if (draining) {
      response.setHeader('connection', 'close');
    }
    response.on('close', () => {
      runningOf.get(socket)?.delete(response);
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
      listener.serve(request, response, opened);
    }
  });
  // The server itself does not listen, and checks timeouts only after this event.
  server.emit('listening');

  function closeWhenIdle(socket: Socket): void {
    if (draining && runningOf.get(socket)?.size === 0) {
      socket.destroySoon();
    }
  }

  return {
    serve(socket) {
      runningOf.set(socket, new Set());
      socket.on('close', () => runningOf.delete(socket));
      server.emit('connection', socket);
    },
    drain() {
      draining = true;
      for (const [socket, responses] of runningOf) {
        for (const response of responses) {
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
