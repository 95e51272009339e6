/** Passes requests of both HTTP versions to the RPC handlers, and their answers back. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders as Http2Headers, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { DescMethod } from '@bufbuild/protobuf';
import { Code, ConnectError, type ContextValues, createContextValues } from '@connectrpc/connect';
import type {
  UniversalHandler,
  UniversalServerRequest,
  UniversalServerResponse,
} from '@connectrpc/connect/protocol';
import { errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import { addCallId } from '../../calls/error-status.ts';
import type { Limits } from '../../config/config.ts';
import { tlsSocketKey } from '../access/client-certificate.ts';
import { createCallSlots } from '../admission/call-slots.ts';
import { capTimeout, readTimeoutMs } from '../admission/cap-timeout.ts';
import { createOverloadRefusal, type LoadLimit, type Refusal } from '../admission/overload-refusal.ts';
import { peerAddressKey } from '../admission/rate-interceptors.ts';
import { requestBytesKey } from '../admission/request-memory.ts';
import type { CallObserver } from '../interceptors/call-observer.ts';
import { describeCause, type Logger } from '../logger.ts';
import { type Pages, sendPage, sendPageOnStream } from '../pages.ts';
import type { Cors } from './cors.ts';
import type { GrpcFastPath } from './grpc-fast-path.ts';
import { serveExplained } from './http-refusal.ts';
import { refuseUnknownOnStream } from './http2-answer.ts';
import { type Http2Call, openHttp2Exchange } from './http2-exchange.ts';
import { serveJsonCall } from './json-call.ts';
import { callIdKey, type OpenedCall, openCall } from './opened-call.ts';
import { type UnreadAnswers, type Wire, wireKey } from './unread-answers.ts';

/** Serves the calls of connections of either version. */
export interface RpcListener {
  open(method: string | undefined, headers: IncomingHttpHeaders): OpenedCall;
  /** The refusal of a call by its path and headers; undefined admits it. */
  refusalOf(path: string | undefined, headers: IncomingHttpHeaders, opened: OpenedCall): Refusal | undefined;
  /**
   * Serves a call over HTTP/1.1; the response has the headers that every answer has. Streaming calls end when `aged` is
   * aborted, with its reason.
   */
  serve(
    request: IncomingMessage,
    response: ServerResponse,
    opened: OpenedCall,
    aged: AbortSignal | undefined,
  ): void;
  /** Serves a call over HTTP/2. */
  serveStream(
    stream: ServerHttp2Stream,
    headers: Http2Headers,
    opened: OpenedCall,
    aged: AbortSignal | undefined,
  ): void;
}

export interface RpcListenerOptions {
  readonly limits: Pick<Limits, LoadLimit | 'defaultDeadlineMs' | 'maximumDeadlineMs' | 'messageBytes'>;
  readonly logger: Logger;
  readonly calls: CallObserver;
  /** Answers GETs of paths that are no method. */
  readonly pages: Pages;
  readonly cors: Cors;
  /** Serves plain unary gRPC calls; undefined: Connect serves all calls. */
  readonly fastPath: GrpcFastPath | undefined;
  readonly unread: UnreadAnswers;
  /** The limit that refuses a call of this method with this timeout; undefined: none. */
  readonly exceededLimit: (method: DescMethod, timeoutMs: number) => LoadLimit | undefined;
}

/** Serves `handlers` by path, with a limit on concurrent calls. Health and reflection are always admitted. */
export function createRpcListener(
  handlers: readonly UniversalHandler[],
  { limits, logger, calls, cors, pages, fastPath, unread, exceededLimit }: RpcListenerOptions,
): RpcListener {
  const handlerOfPath = new Map(handlers.map((handler) => [handler.requestPath, handler]));
  const handlerOf = (url = '') => handlerOfPath.get(url.split('?', 1)[0] ?? '');
  const refuse = createOverloadRefusal(limits, calls);
  const slots = createCallSlots(limits);

  function refusalOf(
    path: string | undefined,
    headers: IncomingHttpHeaders,
    { id, answerHeaders }: OpenedCall,
  ): Refusal | undefined {
    const handler = handlerOf(path);
    if (!handler || !isCounted(handler)) {
      return undefined;
    }
    const timeoutMs = Math.min(readTimeoutMs(headers) ?? limits.defaultDeadlineMs, limits.maximumDeadlineMs);
    const limit = slots.exceededLimit() ?? exceededLimit(handler.method, timeoutMs);
    if (!limit) {
      return undefined;
    }
    const refusal = refuse(handler, limit, headers['content-type'], id);
    return { ...refusal, headers: { ...refusal.headers, ...answerHeaders } };
  }

  function answer(
    handler: UniversalHandler,
    received: UniversalServerRequest,
    aged: AbortSignal | undefined,
    wire: Wire,
    send: (answer: UniversalServerResponse) => Promise<void>,
  ): void {
    const call =
      isStreaming(handler) && aged
        ? { ...received, signal: AbortSignal.any([received.signal, aged]) }
        : received;
    capTimeout(call.header);
    serveJsonCall(handler, withCountedBody(call, limits), isCounted(handler), (its) =>
      serveExplained(handler, its).then(send),
    ).catch((error: unknown) => {
      if (!call.signal.aborted) {
        notSent(handler, call.contextValues, error);
      }
      wire.destroy();
    });
  }

  function takeSlot(handler: UniversalHandler, wire: Wire): void {
    if (isCounted(handler)) {
      wire.once('close', slots.take());
    }
  }

  function answerOnStream(
    handler: UniversalHandler,
    call: Http2Call,
    aged: AbortSignal | undefined,
    body?: AsyncIterable<Uint8Array>,
  ): void {
    const { stream, answerHeaders } = call;
    const exchange = openHttp2Exchange(call, body);
    if (exchange) {
      answer(handler, exchange.request, aged, stream, exchange.send);
    } else {
      stream.respond({ ':status': 400, ...answerHeaders }, { endStream: true });
    }
  }

  function notSent(
    { requestPath }: UniversalHandler,
    values: ContextValues | undefined,
    error: unknown,
  ): void {
    const line = { path: requestPath, callId: values?.get(callIdKey), cause: describeCause(error) };
    logger.error(line, 'answer not sent');
  }

  return {
    open: (method, headers) => openCall(method, headers, cors),
    refusalOf,
    serve(request, response, { id }, aged) {
      const handler = handlerOf(request.url);
      if (!handler && sendPage(pages, request, response)) {
        return;
      }
      if (!handler) {
        const body = errorToJsonBytes(unknownPath(id), undefined);
        response.writeHead(404, { 'content-type': 'application/json' }).end(body);
        return;
      }
      const contextValues = contextOf(request.socket, id, response);
      const call = requestOf(request, response, contextValues);
      if (call) {
        takeSlot(handler, response);
        const { inPieces } = unread.follow(response, handler.requestPath, contextValues);
        answer(handler, call, aged, response, ({ body, ...its }) =>
          universalResponseToNodeResponse({ ...its, ...(body && { body: inPieces(body) }) }, response),
        );
      } else {
        response.writeHead(400).end();
      }
    },
    serveStream(stream, headers, { id, answerHeaders }, aged) {
      const handler = handlerOf(headers[':path']);
      if (!handler && sendPageOnStream(pages, stream, headers, answerHeaders)) {
        return;
      }
      if (!handler) {
        refuseUnknownOnStream(stream, headers, unknownPath(id), answerHeaders);
        return;
      }
      const contextValues = contextOf(stream.session?.socket, id, stream);
      takeSlot(handler, stream);
      const sent = unread.follow(stream, handler.requestPath, contextValues);
      const call = { stream, headers, contextValues, answerHeaders, sent };
      const served = fastPath?.serve(call);
      if (!served) {
        answerOnStream(handler, call, aged);
        return;
      }
      served.then(
        (body) => body && answerOnStream(handler, call, aged, body),
        (error: unknown) => {
          notSent(handler, contextValues, error);
          stream.destroy();
        },
      );
    },
  };
}

/** Counts the bytes of the body. What is compressed counts as the largest message that it can be. */
function withCountedBody(
  call: UniversalServerRequest,
  { messageBytes }: Pick<Limits, 'messageBytes'>,
): UniversalServerRequest {
  const { body, header, contextValues = createContextValues() } = call;
  if (!isIterable(body)) {
    return call;
  }
  const isCompressed = COMPRESSION_FIELDS.some((name) => (header.get(name) ?? 'identity') !== 'identity');
  async function* count(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      contextValues.set(requestBytesKey, isCompressed ? messageBytes : bytes);
      yield chunk;
    }
  }
  return { ...call, contextValues, body: count(body) };
}

const COMPRESSION_FIELDS = ['content-encoding', 'connect-content-encoding', 'grpc-encoding'];

function isIterable(body: UniversalServerRequest['body']): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

function unknownPath(callId: string): ConnectError {
  return addCallId(new ConnectError('no such service or method', Code.Unimplemented), callId);
}

function isStreaming({ method }: UniversalHandler): boolean {
  return method.methodKind !== 'unary';
}

function isCounted({ service }: UniversalHandler): boolean {
  return !service.typeName.startsWith('grpc.');
}

/** undefined when the request has no host, or one that no URL can have. */
function requestOf(
  request: IncomingMessage,
  response: ServerResponse,
  contextValues: ContextValues,
): UniversalServerRequest | undefined {
  try {
    return universalRequestFromNodeRequest(request, response, undefined, contextValues);
  } catch {
    return undefined;
  }
}

function contextOf(socket: Socket | undefined, callId: string, wire: Wire): ContextValues {
  const values = createContextValues()
    .set(callIdKey, callId)
    .set(peerAddressKey, socket?.remoteAddress)
    .set(wireKey, wire);
  return socket instanceof TLSSocket ? values.set(tlsSocketKey, socket) : values;
}
