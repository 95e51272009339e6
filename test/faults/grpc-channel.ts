/** Unary gRPC calls over a plain HTTP/2 connection, which is opened again after it fails. */
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';

export interface GrpcAnswer {
  /** The gRPC status; 14 (UNAVAILABLE) also for a failed connection. */
  readonly code: number;
  readonly message: string;
  /** The response message; empty unless the status is 0. */
  readonly body: Buffer;
}

export interface GrpcChannel {
  /** Never rejects. */
  call(
    path: string,
    headers: Readonly<Record<string, string>>,
    message: Uint8Array,
    timeoutMs: number,
  ): Promise<GrpcAnswer>;
  close(): void;
}

const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;
const FRAME_BYTES = 5;
/** A connection is replaced after this number of consecutive calls without an answer. */
const SILENT_CALLS = 4;

export function createGrpcChannel(port: number): GrpcChannel {
  let session: ClientHttp2Session | undefined;
  let silentCalls = 0;

  function open(): ClientHttp2Session {
    if (!session || session.closed || session.destroyed) {
      const opened = connect(`http://127.0.0.1:${port}`);
      opened.on('error', () => {});
      opened.on('goaway', () => opened.close());
      session = opened;
      silentCalls = 0;
    }
    return session;
  }

  return {
    call(path, headers, message, timeoutMs) {
      const used = open();
      return new Promise((resolve) => {
        const stream = used.request({
          ...headers,
          ':method': 'POST',
          ':path': path,
          'content-type': 'application/grpc+proto',
          'grpc-timeout': `${timeoutMs}m`,
          te: 'trailers',
        });
        const chunks: Buffer[] = [];
        let status: string | undefined;
        let text = '';
        const settle = (answer: GrpcAnswer) => {
          clearTimeout(timer);
          resolve(answer);
        };
        // The server's own response to the deadline may take a moment.
        const timer = setTimeout(() => {
          silentCalls += 1;
          settle({ code: DEADLINE_EXCEEDED, message: 'no answer', body: EMPTY });
          stream.close(constants.NGHTTP2_CANCEL);
          if (silentCalls >= SILENT_CALLS) {
            used.destroy();
          }
        }, timeoutMs + 500);
        const note = (received: IncomingHttpHeaders) => {
          status = (received['grpc-status'] as string | undefined) ?? status;
          text = (received['grpc-message'] as string | undefined) ?? text;
        };
        stream.on('response', note).on('trailers', note);
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('error', () => {});
        stream.on('close', () => {
          if (status === undefined) {
            settle({ code: UNAVAILABLE, message: 'the connection failed', body: EMPTY });
            return;
          }
          silentCalls = 0;
          const body = status === '0' ? Buffer.concat(chunks).subarray(FRAME_BYTES) : EMPTY;
          settle({ code: Number(status), message: decodeURIComponent(text), body });
        });
        stream.end(toFrame(message));
      });
    },
    close: () => session?.destroy(),
  };
}

const EMPTY = Buffer.alloc(0);

/** A gRPC frame: uncompressed flag, length, message. */
function toFrame(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(FRAME_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_BYTES);
  return frame;
}
