/** Refuses calls without reading them: what a refusal costs is what the calls that are served do not get. */
import { Http2ServerResponse } from 'node:http2';
import { Code } from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import { errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import type { Limits } from '../config.ts';
import { DomainError } from '../domain-error.ts';
import type { CallObserver } from './call-observer.ts';
import { toConnectError } from './error-status.ts';
import type { HttpRequest, HttpResponse } from './rpc-listener.ts';

/** Answers OVERLOADED in the caller's protocol, the same bytes every time, and reports the call. */
export function createOverloadRefusal(
  { concurrentCalls }: Pick<Limits, 'concurrentCalls'>,
  calls: CallObserver,
): (handler: UniversalHandler, request: HttpRequest, response: HttpResponse) => void {
  const error = toConnectError(
    new DomainError('OVERLOADED', 'too many calls are under way; try again', {
      metadata: { limit: 'concurrentCalls', most: String(concurrentCalls) },
    }),
  );
  const grpcHeaders = Object.fromEntries(setTrailerStatus(new Headers(), error).entries());
  const json = errorToJsonBytes(error, undefined);

  return ({ method }, request, response) => {
    const contentType = request.headers['content-type'] ?? '';
    const isGrpc = contentType.startsWith('application/grpc');
    const isWeb = contentType.startsWith('application/grpc-web');
    const protocol = isWeb ? 'grpc-web' : isGrpc ? 'grpc' : 'connect';
    calls
      .start({ method, protocol, traceParent: undefined, arrivedAtMs: performance.now() })
      .end({ code: Code.Unavailable, reason: 'OVERLOADED', durationMs: 0 });
    const headers = isGrpc ? { 'content-type': contentType, ...grpcHeaders } : JSON_HEADERS;
    const status = isGrpc ? 200 : 503;
    if (response instanceof Http2ServerResponse && isGrpc) {
      respondOnce(response, { ':status': status, ...headers });
    } else {
      response.statusCode = status;
      for (const [name, value] of Object.entries(headers)) {
        response.setHeader(name, value);
      }
      response.end(isGrpc ? new Uint8Array() : json);
    }
  };
}

const JSON_HEADERS = { 'content-type': 'application/json' };

/** Headers alone: gRPC clients retry by their service config what has no more than those. */
function respondOnce({ stream }: Http2ServerResponse, headers: Record<string, string | number>): void {
  if (!stream.destroyed && !stream.headersSent) {
    stream.respond(headers, { endStream: true });
  }
}
