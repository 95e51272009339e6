/** The HTTP/2 half of the port: gRPC, and all clients with prior knowledge of HTTP/2. */
import { constants, createServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { Limits } from '../../config/config.ts';
import { refuseStream } from '../admission/overload-refusal.ts';
import { superviseSession } from './connection-age.ts';
import type { HttpConnections } from './http1-connections.ts';
import type { RpcListener } from './rpc-listener.ts';

/**
 * How long a caller may go on sending after its answer; with an immediate reset some clients miss the answer.
 */
const BODY_AFTER_ANSWER_MS = 500;

/** Enforces the limits on streams, resets, headers and the duration of a request body. */
export function createHttp2Connections(limits: Limits, listener: RpcListener): HttpConnections {
  const server = createServer({
    streamResetBurst: limits.streamResetBurst,
    streamResetRate: limits.streamResetsPerSecond,
    settings: {
      maxConcurrentStreams: limits.streamsPerConnection,
      maxHeaderListSize: limits.headerBytes,
    },
  });
  const ages = new WeakMap<Http2Session, AbortSignal>();
  server.on('stream', (stream, headers, _flags, rawHeaders) => {
    // The error closes the stream as well, and its users see the close event.
    stream.on('error', () => {});
    const opened = listener.open(headers[':method'], headers);
    if (headerBytesOf(rawHeaders) > limits.headerBytes) {
      stream.respond({ ':status': 431, ...opened.answerHeaders }, { endStream: true });
      dropBody(stream);
      return;
    }
    if (opened.preflight) {
      stream.respond({ ':status': 204, ...opened.preflight }, { endStream: true });
      return;
    }
    const refusal = listener.refusalOf(headers[':path'], headers, opened);
    if (refusal) {
      refuseStream(stream, refusal);
      dropBody(stream);
    } else {
      limitBody(stream, limits.maximumDeadlineMs);
      if (headers.expect === '100-continue') {
        stream.additionalHeaders({ ':status': 100 });
      }
      const aged = stream.session && ages.get(stream.session);
      listener.serveStream(stream, headers, opened, aged);
    }
  });
  return {
    serve(socket) {
      // HTTP/2 connections have no half-closed state: a peer that ends its side is gone.
      socket.allowHalfOpen = false;
      server.once('session', (session) => ages.set(session, superviseSession(session, socket, limits)));
      server.emit('connection', socket);
    },
    drain() {
      server.close();
    },
  };
}

/** Discards the rest of the body of an answered stream, for a limited time. */
function dropBody(stream: ServerHttp2Stream): void {
  stream.resume();
  const timer = setTimeout(cutOff, BODY_AFTER_ANSWER_MS, stream, constants.NGHTTP2_NO_ERROR);
  stream.once('close', () => clearTimeout(timer));
}

/**
 * The header list size of RFC 9113, section 6.5.2. node:http2 announces the limit and does not enforce it.
 */
function headerBytesOf(rawHeaders: readonly string[]): number {
  return rawHeaders.reduce((bytes, nameOrValue) => bytes + nameOrValue.length + 16, 0);
}

/** Closes streams whose body takes too long, or goes on after the answer. */
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
  // A stream with unread data stays in its connection's list, whether it is closed or not.
  stream.destroy();
}
