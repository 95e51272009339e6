/** The HTTP/2 half of the port: gRPC and everybody else who knows that it is HTTP/2 before asking. */
import { constants, createServer, type ServerHttp2Stream } from 'node:http2';
import type { Limits } from '../../config/config.ts';
import { refuseStream } from '../admission/overload-refusal.ts';
import type { HttpConnections } from './http1-connections.ts';
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
  server.on('stream', (stream, headers, _flags, rawHeaders) => {
    // A stream that breaks is closed as well; whoever works for it hears of that.
    stream.on('error', () => {});
    if (headerBytesOf(rawHeaders) > limits.headerBytes) {
      stream.respond({ ':status': 431 }, { endStream: true });
      dropBody(stream);
      return;
    }
    const refusal = listener.refusalOf(headers[':path'], headers);
    if (refusal) {
      refuseStream(stream, refusal);
      dropBody(stream);
    } else {
      limitBody(stream, limits.maximumDeadlineMs);
      if (headers.expect === '100-continue') {
        stream.additionalHeaders({ ':status': 100 });
      }
      listener.serveStream(stream, headers);
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

/** Of a stream that is answered: its body is dropped as it comes, and not for long. */
function dropBody(stream: ServerHttp2Stream): void {
  stream.resume();
  const timer = setTimeout(cutOff, BODY_AFTER_ANSWER_MS, stream, constants.NGHTTP2_NO_ERROR);
  stream.once('close', () => clearTimeout(timer));
}

/** As HTTP/2 counts (RFC 9113, section 6.5.2). Peers are told the limit, and node:http2 leaves it at that. */
function headerBytesOf(rawHeaders: readonly string[]): number {
  return rawHeaders.reduce((bytes, nameOrValue) => bytes + nameOrValue.length + 16, 0);
}

/** A body that takes too long, or goes on after the answer, must not keep its stream open. */
function limitBody(stream: ServerHttp2Stream, bodyTimeMs: number): void {
  if (stream.endAfterHeaders) {
    return;
  }
  const timer = setTimeout(cutOff, bodyTimeMs, stream, constants.NGHTTP2_CANCEL);
  stream.once('end', () => clearTimeout(timer));
  stream.once('close', () => clearTimeout(timer));
  stream.once('finish', () => {
    clearTimeout(timer);
    if (!stream.readableEnded) {
      dropBody(stream);
    }
  });
}

function cutOff(stream: ServerHttp2Stream, code: number): void {
  stream.close(code);
  // A stream with something left to read stays with its connection, closed or not.
  stream.destroy();
}
