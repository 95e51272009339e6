/** Writes answers of RPC handlers to HTTP/2 streams, whose callers may be gone at any time. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { ConnectError } from '@connectrpc/connect';
import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import { errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import type { AnswerHeaders } from './cors.ts';
import { PIECE_BYTES, type SentAnswer } from './unread-answers.ts';

/** Resolves when the answer is written, or when the caller is gone. */
export async function sendAnswer(
  { status, header, body, trailer }: UniversalServerResponse,
  stream: ServerHttp2Stream,
  answerHeaders: AnswerHeaders,
  sent: SentAnswer,
): Promise<void> {
  if (trailer && (trailer.get('grpc-status') ?? '0') !== '0') {
    await body?.[Symbol.asyncIterator]().return?.();
    sendFailure(stream, header, trailer, answerHeaders);
    return;
  }
  let isBegun = false;
  const begin = () => {
    if (!isBegun) {
      isBegun = true;
      respond(stream, { ':status': status, ...recordOf(header), ...answerHeaders }, trailer);
    }
  };
  // A handler may add headers until it returns its first message.
  await writePieces(stream, sent.inPieces(body ?? []), begin);
  begin();
  if (!isGone(stream)) {
    stream.end();
  }
}

async function writePieces(
  stream: ServerHttp2Stream,
  pieces: AsyncIterable<Uint8Array>,
  begin = () => {},
): Promise<void> {
  for await (const piece of pieces) {
    begin();
    if (isGone(stream)) {
      return;
    }
    if (!stream.write(piece)) {
      await drained(stream);
    }
  }
}

export interface AnsweredCall {
  readonly stream: ServerHttp2Stream;
  readonly answerHeaders: AnswerHeaders;
  readonly sent: SentAnswer;
}

/** A successful unary gRPC call: its headers, its only frame, its trailers. Resolves when they are written. */
export async function sendFrame(
  { stream, answerHeaders, sent }: AnsweredCall,
  header: Headers,
  trailer: Headers,
  frame: Uint8Array,
): Promise<void> {
  respond(stream, { ':status': 200, ...recordOf(header), ...answerHeaders }, trailer);
  const isSmall = frame.length <= PIECE_BYTES;
  if (!isSmall) {
    await writePieces(stream, sent.inPieces([frame]));
  }
  if (!isGone(stream)) {
    stream.end(isSmall ? frame : undefined);
  }
}

/** A failed gRPC call; clients retry it by their service config only when it comes as trailers only. */
export function sendFailure(
  stream: ServerHttp2Stream,
  header: Headers | undefined,
  trailer: Headers,
  answerHeaders: AnswerHeaders,
): void {
  const message = decodeURIComponent(trailer.get('grpc-message') ?? '');
  sendTrailersOnly(stream, message, { ...recordOf(header), ...recordOf(trailer), ...answerHeaders });
}

/** An unknown path; each protocol has its own answer for it. */
export function refuseUnknownOnStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  error: ConnectError,
  answerHeaders: AnswerHeaders,
): void {
  const contentType = headers['content-type'] ?? '';
  if (contentType.startsWith('application/grpc')) {
    const status = recordOf(setTrailerStatus(new Headers(), error));
    sendTrailersOnly(stream, error.rawMessage, { 'content-type': contentType, ...status, ...answerHeaders });
    return;
  }
  stream.respond({ ':status': 404, 'content-type': 'application/json', ...answerHeaders });
  stream.end(errorToJsonBytes(error, undefined));
}

/** The stream was reset, or its connection has ended: a write would throw. */
function isGone({ destroyed, closed }: ServerHttp2Stream): boolean {
  return destroyed || closed;
}

/** Resolves when the stream can take more data, or when it is closed. */
function drained(stream: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      stream.off('drain', go);
      stream.off('close', go);
      resolve();
    };
    stream.on('drain', go);
    stream.on('close', go);
  });
}

function respond(
  stream: ServerHttp2Stream,
  headers: OutgoingHttpHeaders,
  trailer: Headers | undefined,
): void {
  if (isGone(stream)) {
    return;
  }
  if (trailer) {
    stream.once('wantTrailers', () => stream.sendTrailers(recordOf(trailer)));
  }
  stream.respond(headers, { waitForTrailers: trailer !== undefined });
}

function recordOf(headers: Headers | undefined): Record<string, string> {
  return Object.fromEntries(headers?.entries() ?? []);
}

function sendTrailersOnly(stream: ServerHttp2Stream, message: string, headers: Record<string, string>): void {
  if (!isGone(stream) && !stream.headersSent) {
    const fields = { ':status': 200, ...headers, 'grpc-message': encodeGrpcMessage(message) };
    stream.respond(fields, { endStream: true });
  }
}

/** Escapes only what gRPC requires, because some clients do not decode more. */
function encodeGrpcMessage(message: string): string {
  return message.replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);
}
