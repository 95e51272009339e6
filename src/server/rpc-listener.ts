/** Carries requests of both HTTP versions to the RPC handlers, and their answers back. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { type Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { TLSSocket } from 'node:tls';
import type { DescMethod } from '@bufbuild/protobuf';
import { createContextValues } from '@connectrpc/connect';
import type { UniversalHandler, UniversalServerResponse } from '@connectrpc/connect/protocol';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import type { Limits } from '../config.ts';
import { ERROR_TABLE } from '../error-table.ts';
import { tlsSocketKey } from './access/client-certificate.ts';
import type { CallObserver } from './call-observer.ts';
import { createCallPlaces } from './call-places.ts';
import { cutEndlessTimeout, timeoutMsIn } from './endless-timeout.ts';
import { describeCause, type Logger } from './logger.ts';
import { createOverloadRefusal, type LoadLimit, type Refusal } from './overload-refusal.ts';
import { peerAddressKey } from './rate-interceptors.ts';

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;

/** Serves the calls that connections of either version bring. */
export interface RpcListener {
  /** What to answer to a call for which there is no room, by its path and headers; undefined: serve it. */
  refusalOf(path: string | undefined, headers: IncomingHttpHeaders): Refusal | undefined;
  serve(request: HttpRequest, response: HttpResponse): void;
}

export interface RpcListenerOptions {
  readonly limits: Pick<Limits, LoadLimit | 'defaultDeadlineMs' | 'maximumDeadlineMs'>;
  readonly logger: Logger;
  readonly calls: CallObserver;
  /** The limit for which a method would refuse a caller who waits for so long; undefined: it would not. */
  readonly exceededLimit: (method: DescMethod, timeoutMs: number) => LoadLimit | undefined;
}

/** Serves `handlers` by their paths, and no more calls at a time than fit; health and reflection always fit. */
export function createRpcListener(
  handlers: readonly UniversalHandler[],
  { limits, logger, calls, exceededLimit }: RpcListenerOptions,
): RpcListener {
  const handlerOfPath = new Map(handlers.map((handler) => [handler.requestPath, handler]));
  const handlerOf = (url = '') => handlerOfPath.get(url.split('?', 1)[0] ?? '');
  const refuse = createOverloadRefusal(limits, calls);
  const places = createCallPlaces(limits);

  function refusalOf(path: string | undefined, headers: IncomingHttpHeaders): Refusal | undefined {
    const handler = handlerOf(path);
    if (!handler || !isCounted(handler)) {
      return undefined;
    }
    const timeoutMs = Math.min(timeoutMsIn(headers) ?? limits.defaultDeadlineMs, limits.maximumDeadlineMs);
    const limit = places.exceededLimit() ?? exceededLimit(handler.method, timeoutMs);
    return limit && refuse(handler, limit, headers['content-type']);
  }

  function serve(request: HttpRequest, response: HttpResponse): void {
    const handler = handlerOf(request.url);
    if (!handler) {
      refuseUnknown(request, response);
      return;
    }
    const call = universalRequestOf(request, response);
    if (!call) {
      response.statusCode = 400;
      response.end();
      return;
    }
    cutEndlessTimeout(call.header);
    if (isCounted(handler)) {
      places.take();
      response.once('close', () => places.leave());
    }
    handler(call)
      .then((answer) => send(answer, response))
      .catch((error: unknown) => {
        if (!call.signal.aborted) {
          logger.error({ path: handler.requestPath, cause: describeCause(error) }, 'answer not sent');
        }
        response.destroy();
      });
  }

  return { refusalOf, serve };
}

function isCounted({ service }: UniversalHandler): boolean {
  return !service.typeName.startsWith('grpc.');
}

/** undefined when the request names no host, or one that no URL can have. */
function universalRequestOf(request: HttpRequest, response: HttpResponse) {
  try {
    return universalRequestFromNodeRequest(request, response, undefined, contextOf(request));
  } catch {
    return undefined;
  }
}

function contextOf({ socket }: HttpRequest) {
  const values = createContextValues().set(peerAddressKey, socket.remoteAddress);
  return socket instanceof TLSSocket ? values.set(tlsSocketKey, socket) : values;
}

async function send(answer: UniversalServerResponse, response: HttpResponse): Promise<void> {
  const status = answer.trailer?.get('grpc-status') ?? '0';
  if (status === '0' || !(response instanceof Http2ServerResponse)) {
    await universalResponseToNodeResponse(answer, response);
    return;
  }
  // gRPC clients retry a failure by their service config only when it comes without headers of an answer.
  await answer.body?.[Symbol.asyncIterator]().return?.();
  const message = decodeURIComponent(answer.trailer?.get('grpc-message') ?? '');
  sendTrailersOnly(response, message, { ...entriesOf(answer.header), ...entriesOf(answer.trailer) });
}

function entriesOf(headers: Headers | undefined): Record<string, string> {
  return Object.fromEntries(headers?.entries() ?? []);
}

function sendTrailersOnly(
  response: Http2ServerResponse,
  message: string,
  headers: Record<string, string>,
): void {
  const { stream } = response;
  if (!stream.destroyed && !stream.headersSent) {
    const status = { ':status': 200, ...headers, 'grpc-message': encodeGrpcMessage(message) };
    stream.respond(status, { endStream: true });
  }
}

/** Escapes no more than gRPC asks for: some clients do not undo more. */
function encodeGrpcMessage(message: string): string {
  return message.replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent);
}

/** A path that is no method: each protocol has its own way to say so. */
function refuseUnknown(request: HttpRequest, response: HttpResponse): void {
  const contentType = request.headers['content-type'] ?? '';
  const message = 'no such service or method';
  if (contentType.startsWith('application/grpc') && response instanceof Http2ServerResponse) {
    const { code } = ERROR_TABLE.UNIMPLEMENTED;
    sendTrailersOnly(response, message, { 'content-type': contentType, 'grpc-status': String(code) });
    return;
  }
  response.statusCode = 404;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ code: 'unimplemented', message }));
}
