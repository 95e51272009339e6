/**
 * Passes a call on an HTTP/2 stream to the RPC handlers and writes their answer. Node's request and response
 * objects are streams around the stream and took a fifth of the processor time of a call.
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { Code, ConnectError, type ContextValues } from '@connectrpc/connect';
import type { UniversalServerRequest, UniversalServerResponse } from '@connectrpc/connect/protocol';
import { errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import type { AnswerHeaders } from './cors.ts';

export interface Http2Exchange {
  readonly request: UniversalServerRequest;
  /** Resolves when the answer is written, or when the caller is gone. */
  send(answer: UniversalServerResponse): Promise<void>;
}

/** undefined when the request has no host, or one that no URL can have. */
export function openHttp2Exchange(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  contextValues: ContextValues,
  answerHeaders: AnswerHeaders,
): Http2Exchange | undefined {
  const base = `${headers[':scheme'] ?? 'http'}://${headers[':authority'] ?? headers.host}`;
  const url = URL.parse(`${headers[':path']}`, base);
  if (!url) {
    return undefined;
  }
  const controller = new AbortController();
  let isAnswered = false;
  stream.once('close', () => {
    if (!isAnswered) {
      controller.abort(new ConnectError('the stream was closed', Code.Canceled));
    }
  });
  return {
    request: {
      httpVersion: '2.0',
      method: `${headers[':method']}`,
      url: url.href,
      header: fieldsOf(headers),
      body: stream.iterator({ destroyOnReturn: false }),
      signal: controller.signal,
      contextValues,
    },
    async send(answer) {
      await send(answer, stream, answerHeaders);
      isAnswered = true;
    },
  };
}

/** The header fields without HTTP/2's pseudo-headers. */
function fieldsOf(headers: IncomingHttpHeaders): Headers {
  const fields = new Headers();
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || name.startsWith(':')) {
      continue;
    }
    for (const each of Array.isArray(value) ? value : [value]) {
      fields.append(name, each);
    }
  }
  return fields;
}

async function send(
  { status, header, body, trailer }: UniversalServerResponse,
  stream: ServerHttp2Stream,
  answerHeaders: AnswerHeaders,
): Promise<void> {
  if ((trailer?.get('grpc-status') ?? '0') !== '0') {
    // gRPC clients retry a failure by their service config only when it comes as trailers only.
    await body?.[Symbol.asyncIterator]().return?.();
    const message = decodeURIComponent(trailer?.get('grpc-message') ?? '');
    sendTrailersOnly(stream, message, { ...recordOf(header), ...recordOf(trailer), ...answerHeaders });
    return;
  }
  let isBegun = false;
  const begin = () => {
    if (!isBegun) {
      isBegun = true;
      respond(stream, { ':status': status, ...recordOf(header), ...answerHeaders }, trailer);
    }
  };
  for await (const chunk of body ?? []) {
    // A handler may add headers until it returns its first message.
    begin();
    if (isGone(stream)) {
      return;
    }
    if (!stream.write(chunk)) {
      await drained(stream);
    }
  }
  begin();
  if (!isGone(stream)) {
    stream.end();
  }
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
