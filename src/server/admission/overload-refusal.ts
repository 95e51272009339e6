/**
 * Refuses calls before they are read, because under overload every refusal takes processor time from admitted
 * calls.
 */
import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { create, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, decodeBinaryHeader, encodeBinaryHeader } from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
import { errorToJson } from '@connectrpc/connect/protocol-connect';
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import { addCallId, toConnectError } from '../../calls/error-status.ts';
import type { Limits } from '../../config/config.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { RequestInfoSchema } from '../../gen/google/rpc/error_details_pb.ts';
import { StatusSchema } from '../../gen/google/rpc/status_pb.ts';
import type { CallObserver } from '../interceptors/call-observer.ts';

/** A complete refusal. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty: the answer consists of headers only. */
  readonly body: Uint8Array;
}

/** The limit that a call would exceed. */
export type LoadLimit = 'concurrentCalls' | 'overloadedCalls' | 'queuedEvents' | 'queueWaitMs';

/** Answers OVERLOADED in the caller's protocol, from an answer that lacks only the call's ID, and reports the call. */
export function createOverloadRefusal(
  limits: Pick<Limits, LoadLimit>,
  calls: CallObserver,
): (handler: UniversalHandler, limit: LoadLimit, contentType: string | undefined, callId: string) => Refusal {
  const answers = {
    concurrentCalls: answersOf('concurrentCalls', TOO_MANY_CALLS, limits),
    overloadedCalls: answersOf('overloadedCalls', TOO_MANY_CALLS, limits),
    queuedEvents: answersOf('queuedEvents', TOO_MANY_EVENTS, limits),
    queueWaitMs: answersOf('queueWaitMs', TOO_MANY_EVENTS, limits),
  };

  return ({ method }, limit, contentType = '', callId) => {
    const isGrpc = contentType.startsWith('application/grpc');
    const isWeb = contentType.startsWith('application/grpc-web');
    const protocol = isWeb ? 'grpc-web' : isGrpc ? 'grpc' : 'connect';
    calls
      .start({ method, protocol, traceParent: undefined, arrivedAtMs: performance.now() })
      .end({ code: Code.Unavailable, reason: 'OVERLOADED', durationMs: 0 });
    const { grpcHeadersOf, jsonOf } = answers[limit];
    return isGrpc
      ? { status: 200, headers: { 'content-type': contentType, ...grpcHeadersOf(callId) }, body: NOTHING }
      : { status: 503, headers: JSON_HEADERS, body: jsonOf(callId) };
  };
}

const TOO_MANY_CALLS = 'too many calls are under way; try again';
/** The same message that the trigger queue gives. */
const TOO_MANY_EVENTS = 'too many events are waiting; try again';

function answersOf(limit: LoadLimit, message: string, limits: Pick<Limits, LoadLimit>) {
  const metadata = { limit, most: String(limits[limit]) };
  const error = toConnectError(new DomainError('OVERLOADED', message, { metadata }));
  const grpcHeaders = setTrailerStatus(new Headers(), error);
  const status = decodeBinaryHeader(grpcHeaders.get(STATUS_HEADER) ?? '');
  const json = errorToJson(error, undefined) as { details: object[] };
  return {
    grpcHeadersOf(callId: string): Record<string, string> {
      // Joined messages are one message, whose lists are joined.
      const details = encodeBinaryHeader(Buffer.concat([status, detailOf(callId)]));
      return { ...Object.fromEntries(grpcHeaders.entries()), [STATUS_HEADER]: details };
    },
    jsonOf(callId: string): Uint8Array {
      const info = addCallId(new ConnectError('', error.code), callId);
      const { details } = errorToJson(info, undefined) as { details: object[] };
      return Buffer.from(JSON.stringify({ ...json, details: [...json.details, ...details] }));
    },
  };
}

/** A google.rpc.Status that has only the call's ID. */
function detailOf(callId: string): Uint8Array {
  const info = create(RequestInfoSchema, { requestId: callId });
  return toBinary(StatusSchema, create(StatusSchema, { details: [anyPack(RequestInfoSchema, info)] }));
}

const STATUS_HEADER = 'grpc-status-details-bin';

const JSON_HEADERS = { 'content-type': 'application/json' };
const NOTHING = new Uint8Array();

/**
 * Headers only where the protocol allows it: gRPC clients retry by their service config only such answers.
 */
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

/** The same over HTTP/1.1. */
export function refuseRequest(response: ServerResponse, { status, headers, body }: Refusal): void {
  response.writeHead(status, headers).end(body);
}
