/** The HTTP/2 half of the port: gRPC and everybody else who knows that it is HTTP/2 before asking. */
import { constants, createServer, type Http2ServerRequest } from 'node:http2';
import type { Limits } from '../config.ts';
import type { HttpConnections } from './http1-connections.ts';
import type { HttpListener } from './rpc-listener.ts';

/** How long a caller may go on sending once it has its answer; cut off at once, some miss the answer. */
const BODY_AFTER_ANSWER_MS = 500;

/** Holds every connection to the limits on streams, resets, headers and the time that a body takes. */
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
    (request, response) => {
      limitBody(request, limits.maximumDeadlineMs);
      if (headerBytesOf(request) > limits.headerBytes) {
        response.writeHead(431).end();
      } else {
        listener(request, response);
      }
    },
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

/** As HTTP/2 counts (RFC 9113, section 6.5.2). Peers are told the limit, and node:http2 leaves it at that. */
function headerBytesOf({ rawHeaders }: Http2ServerRequest): number {
  return rawHeaders.reduce((bytes, nameOrValue) => bytes + nameOrValue.length + 16, 0);
}

/** A body that takes too long, or goes on after the answer, must not keep its stream open. */
function limitBody(request: Http2ServerRequest, bodyTimeMs: number): void {
  if (request.complete) {
    return;
  }
  const { stream } = request;
  function cutOff(code: number): void {
    stream.close(code);
    // A stream with something left to read stays with its connection, closed or not.
    stream.destroy();
  }
  let timer = setTimeout(cutOff, bodyTimeMs, constants.NGHTTP2_CANCEL);
  stream.once('end', () => clearTimeout(timer));
  stream.once('close', () => clearTimeout(timer));
  stream.once('finish', () => {
    clearTimeout(timer);
    if (!request.complete) {
      timer = setTimeout(cutOff, BODY_AFTER_ANSWER_MS, constants.NGHTTP2_NO_ERROR);
    }
  });
}
