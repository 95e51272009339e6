/** Refuses calls without reading them: what a refusal costs is what the calls that are served do not get. */
import type { ServerHttp2Stream } from 'node:http2';
import { Code } from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import { errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import type { Limits } from '../config.ts';
import { DomainError } from '../domain-error.ts';
import type { CallObserver } from './call-observer.ts';
import { toConnectError } from './error-status.ts';
import type { HttpResponse } from './rpc-listener.ts';

/** The whole answer to a call that is refused. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty: the headers are all. */
  readonly body: Uint8Array;
}

/** Says OVERLOADED in the caller's protocol, the same bytes every time, and reports the call. */
export function createOverloadRefusal(
  { concurrentCalls }: Pick<Limits, 'concurrentCalls'>,
  calls: CallObserver,
): (handler: UniversalHandler, contentType: string | undefined) => Refusal {
  const error = toConnectError(
    new DomainError('OVERLOADED', 'too many calls are under way; try again', {
      metadata: { limit: 'concurrentCalls', most: String(concurrentCalls) },
    }),
  );
  const grpcHeaders = Object.fromEntries(setTrailerStatus(new Headers(), error).entries());
  const json = errorToJsonBytes(error, undefined);

  return ({ method }, contentType = '') => {
    const isGrpc = contentType.startsWith('application/grpc');
    const isWeb = contentType.startsWith('application/grpc-web');
    const protocol = isWeb ? 'grpc-web' : isGrpc ? 'grpc' : 'connect';
    calls
      .start({ method, protocol, traceParent: undefined, arrivedAtMs: performance.now() })
      .end({ code: Code.Unavailable, reason: 'OVERLOADED', durationMs: 0 });
    return isGrpc
      ? { status: 200, headers: { 'content-type': contentType, ...grpcHeaders }, body: NOTHING }
      : { status: 503, headers: JSON_HEADERS, body: json };
  };
}

const JSON_HEADERS = { 'content-type': 'application/json' };
const NOTHING = new Uint8Array();

/** Headers alone where that is all: gRPC clients retry by their service config what has no more than those. */
export function refuseStream(stream: ServerHttp2Stream, { status, headers, body }: Refusal): void {
  if (stream.destroyed || stream.closed) {
    return;
  }
  const isAll = body.length === 0;
  stream.respond({ ':status': status, ...headers }, { endStream: isAll });
  if (!isAll) {
    stream.end(body);
  }
}

/** The same for a request of either version. */
export function refuseRequest(response: HttpResponse, { status, headers, body }: Refusal): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, value);
  }
  response.end(body);
}
