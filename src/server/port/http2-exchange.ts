/**
 * A call on an HTTP/2 stream: as a request of the RPC handlers, and their answer on its way back. Node's own request and
 * response objects are streams around the stream; a fifth of what a call costs went into them.
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { Code, ConnectError, type ContextValues } from '@connectrpc/connect';
import type { UniversalServerRequest, UniversalServerResponse } from '@connectrpc/connect/protocol';
import { ERROR_TABLE } from '../../errors/error-table.ts';

export interface Http2Exchange {
  readonly request: UniversalServerRequest;
  /** Resolves when the answer is written, or nobody is there any more to take it. */
  send(answer: UniversalServerResponse): Promise<void>;
}

/** undefined when the request names no host, or one that no URL can have. */
export function openHttp2Exchange(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  contextValues: ContextValues,
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
      await send(answer, stream);
      isAnswered = true;
    },
  };
}

/** The fields of a request, without those that are HTTP/2's own. */
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
): Promise<void> {
  if ((trailer?.get('grpc-status') ?? '0') !== '0') {
    // gRPC clients retry a failure by their service config only when it comes without headers of an answer.
    await body?.[Symbol.asyncIterator]().return?.();
    const message = decodeURIComponent(trailer?.get('grpc-message') ?? '');
    sendTrailersOnly(stream, message, { ...recordOf(header), ...recordOf(trailer) });
    return;
  }
  let isBegun = false;
  const begin = () => {
    if (!isBegun) {
      isBegun = true;
      respond(stream, { ':status': status, ...recordOf(header) }, trailer);
    }
  };
  for await (const chunk of body ?? []) {
    // A handler adds to the headers until it gives its first message.
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

/** Reset by its caller, or ended with its connection: to write to it would throw. */
function isGone({ destroyed, closed }: ServerHttp2Stream): boolean {
  return destroyed || closed;
}

/** Resolves when there is room again, or nobody who takes anything. */
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

/** A path that is no method: each protocol has its own way to say so. */
export function refuseUnknownOnStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  answer: { readonly message: string; readonly json: string },
): void {
  const contentType = headers['content-type'] ?? '';
  if (contentType.startsWith('application/grpc')) {
    const { code } = ERROR_TABLE.UNIMPLEMENTED;
    sendTrailersOnly(stream, answer.message, { 'content-type': contentType, 'grpc-status': `${code}` });
    return;
  }
  stream.respond({ ':status': 404, 'content-type': 'application/json' });
  stream.end(answer.json);
}

function sendTrailersOnly(stream: ServerHttp2Stream, message: string, headers: Record<string, string>): void {
  if (!isGone(stream) && !stream.headersSent) {
    const fields = { ':status': 200, ...headers, 'grpc-message': encodeGrpcMessage(message) };
    stream.respond(fields, { endStream: true });
  }
}

/** Escapes no more than gRPC asks for: some clients do not undo more. */
function encodeGrpcMessage(message: string): string {
  return message.replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);
}
