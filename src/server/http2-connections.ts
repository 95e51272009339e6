/** The HTTP/2 half of the port: gRPC and everybody else who knows that it is HTTP/2 before asking. */
import { createServer } from 'node:http2';
import type { Limits } from '../config.ts';
import type { HttpConnections } from './http1-connections.ts';
import type { HttpListener } from './rpc-listener.ts';

/** Holds every connection to the limits on streams, resets and headers. */
export function createHttp2Connections(limits: Limits, listener: HttpListener): HttpConnections {
  const server = createServer(
    {
      streamResetBurst: limits.streamResetBurst,
      streamResetRate: limits.streamResetsPerSecond,
      settings: {
        maxConcurrentStreams: limits.streamsPerConnection,
        maxHeaderListSize: limits.headerBytes,
      },
    },
    listener,
  );
  return {
    serve(socket) {
      // HTTP/2 has no half-closed connections: a peer that stops sending is gone.
      socket.allowHalfOpen = false;
      server.emit('connection', socket);
    },
    drain() {
      server.close();
    },
  };
}
