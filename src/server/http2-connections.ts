/** The HTTP/2 half of the port: gRPC and everybody else who knows that it is HTTP/2 before asking. */
import { constants, createServer, type Http2ServerRequest, type ServerHttp2Stream } from 'node:http2';
import type { Limits } from '../config.ts';
import type { HttpConnections } from './http1-connections.ts';
import { type Refusal, refuseStream } from './overload-refusal.ts';
import type { RpcListener } from './rpc-listener.ts';

/** How long a caller may go on sending once it has its answer; cut off at once, some miss the answer. */
const BODY_AFTER_ANSWER_MS = 500;

/** Holds every connection to the limits on streams, resets, headers and the time that a body takes. */
export function createHttp2Connections(limits: Limits, listener: RpcListener): HttpConnections {
  const server = createServer({
    streamResetBurst: limits.streamResetBurst,
    streamResetRate: limits.streamResetsPerSecond,
    settings: {
      maxConcurrentStreams: limits.streamsPerConnection,
      maxHeaderListSize: limits.headerBytes,
    },
  });
  // Makes a request and a response of a stream, and each a stream of its own: a refusal needs neither.
  const requests = createServer((request, response) => {
    limitBody(request, limits.maximumDeadlineMs);
    if (headerBytesOf(request) > limits.headerBytes) {
      response.writeHead(431).end();
    } else {
      listener.serve(request, response);
    }
  });
  server.on('stream', (stream, headers, ...rest) => {
    const refusal = listener.refusalOf(headers[':path'], headers);
    if (refusal) {
      refuse(stream, refusal);
    } else {
      requests.emit('stream', stream, headers, ...rest);
    }
  });
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

/** Answers and takes no more notice; its body is dropped as it comes, and not for long. */
function refuse(stream: ServerHttp2Stream, refusal: Refusal): void {
  // A stream that breaks is closed as well, and nobody waits for it.
  stream.on('error', () => {});
  refuseStream(stream, refusal);
  stream.resume();
  const timer = setTimeout(cutOff, BODY_AFTER_ANSWER_MS, stream, constants.NGHTTP2_NO_ERROR);
  stream.once('close', () => clearTimeout(timer));
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
  let timer = setTimeout(cutOff, bodyTimeMs, stream, constants.NGHTTP2_CANCEL);
  stream.once('end', () => clearTimeout(timer));
  stream.once('close', () => clearTimeout(timer));
  stream.once('finish', () => {
    clearTimeout(timer);
    if (!request.complete) {
      timer = setTimeout(cutOff, BODY_AFTER_ANSWER_MS, stream, constants.NGHTTP2_NO_ERROR);
    }
  });
}

function cutOff(stream: ServerHttp2Stream, code: number): void {
  stream.close(code);
  // A stream with something left to read stays with its connection, closed or not.
  stream.destroy();
}
