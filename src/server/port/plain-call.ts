/** The calls that need nothing of Connect's but its functions: unary, gRPC, binary, with headers that it would take. */
import type { IncomingHttpHeaders } from 'node:http2';
import type { DescMethodUnary } from '@bufbuild/protobuf';
import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect';
import { type Compression, compressionNegotiate } from '@connectrpc/connect/protocol';
import { contentTypeProto, parseTimeout } from '@connectrpc/connect/protocol-grpc';
import { LONGEST_TIMEOUT_MS } from '../admission/cap-timeout.ts';
import { fieldsOf, type Http2Call, urlOf } from './http2-exchange.ts';

const CONTENT_TYPES: ReadonlySet<string | undefined> = new Set(['application/grpc', contentTypeProto]);

/** What the headers of a plain call say. */
export interface PlainCall {
  readonly url: string;
  readonly timeoutMs: number | undefined;
  /** The compression of its frame. */
  readonly request: Compression | null;
  /** The compression of the answer's frame, if that is large enough. */
  readonly response: Compression | null;
}

/** undefined for every call that could be refused by its headers, or is of another protocol. */
export function plainCallOf(
  headers: IncomingHttpHeaders,
  compressions: readonly Compression[],
): PlainCall | undefined {
  const url = urlOf(headers);
  if (headers[':method'] !== 'POST' || !CONTENT_TYPES.has(headers['content-type']) || !url) {
    return undefined;
  }
  const { timeoutMs, error } = parseTimeout(fieldOf(headers, 'grpc-timeout'), LONGEST_TIMEOUT_MS);
  const { request, response, ...negotiated } = compressionNegotiate(
    [...compressions],
    fieldOf(headers, 'grpc-encoding'),
    fieldOf(headers, 'grpc-accept-encoding'),
    'grpc-accept-encoding',
  );
  const isPast = timeoutMs !== undefined && timeoutMs <= 0;
  return error || negotiated.error || isPast ? undefined : { url: url.href, timeoutMs, request, response };
}

function fieldOf(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return value === undefined ? null : `${value}`;
}

/** The context that Connect would give the interceptors and the implementation. */
export function contextOf(
  { headers, contextValues }: Http2Call,
  method: DescMethodUnary,
  { url, timeoutMs, response }: PlainCall,
  signal: AbortSignal,
): HandlerContext {
  const deadlineAt = timeoutMs === undefined ? undefined : Date.now() + timeoutMs;
  const responseHeader = new Headers({ 'content-type': contentTypeProto });
  if (response) {
    responseHeader.set('grpc-encoding', response.name);
  }
  return {
    method,
    service: method.parent,
    protocolName: 'grpc',
    requestMethod: 'POST',
    url,
    signal,
    timeoutMs: () => deadlineAt && deadlineAt - Date.now(),
    requestHeader: fieldsOf(headers),
    responseHeader,
    responseTrailer: new Headers({ 'grpc-status': '0' }),
    values: contextValues,
  };
}

/** The reason of the signal at the deadline, as Connect has it. */
export function timedOut(): ConnectError {
  return new ConnectError('the operation timed out', Code.DeadlineExceeded);
}

/** What a call is answered with when something other than a refusal was thrown. */
export function connectErrorOf(error: unknown): ConnectError {
  return error instanceof ConnectError
    ? error
    : new ConnectError('internal error', Code.Internal, undefined, undefined, error);
}
