/** Says in a sentence why a call is none that HTTP brings to its method: the RPC library answers with a bare status. */
import { base64Decode } from '@bufbuild/protobuf/wire';
import type {
  UniversalHandler,
  UniversalServerRequest,
  UniversalServerResponse,
} from '@connectrpc/connect/protocol';
import { createAsyncIterable } from '@connectrpc/connect/protocol';
import { errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import { addCallId, toConnectError } from '../../calls/error-status.ts';
import { shown } from '../../calls/shown-text.ts';
import { DomainError } from '../../errors/domain-error.ts';
import { callIdKey } from './opened-call.ts';

/** Serves a call by its handler, and explains why it would not be served. */
export async function serveExplained(
  handler: UniversalHandler,
  call: UniversalServerRequest,
): Promise<UniversalServerResponse> {
  if (hasBadQuery(call)) {
    const message = 'message in the query must be base64, in either alphabet, where the query says base64=1';
    return refusal(call, 400, new DomainError('VALIDATION_FAILED', message));
  }
  const answer = await handler(call);
  switch (answer.status) {
    case 415:
      return refusal(call, 415, new DomainError('VALIDATION_FAILED', mediaTypeProblem(handler, call)));
    case 405: {
      const allowed = handler.allowedMethods.join(' or ');
      const message = `${handler.method.name} is called with ${allowed}, not with ${shown(call.method)}`;
      return refusal(call, 405, new DomainError('UNIMPLEMENTED', message), {
        allow: handler.allowedMethods.join(', '),
      });
    }
    case 505:
      return refusal(call, 505, new DomainError('UNIMPLEMENTED', `${handler.method.name} needs HTTP/2`), {
        connection: 'close',
      });
    default:
      return answer;
  }
}

/** The library takes a message that is no base64 for a defect of its own. */
function hasBadQuery({ method, url }: UniversalServerRequest): boolean {
  const query = method === 'GET' ? new URL(url).searchParams : undefined;
  if (query?.get('base64') !== '1') {
    return false;
  }
  try {
    base64Decode(query.get('message') ?? '');
    return false;
  } catch {
    return true;
  }
}

function mediaTypeProblem(
  { method }: UniversalHandler,
  { method: verb, header }: UniversalServerRequest,
): string {
  if (verb === 'GET') {
    return 'the query must say encoding=json or encoding=proto, and message=… with the request in it';
  }
  const connect =
    method.methodKind === 'unary'
      ? 'application/json or application/proto'
      : 'application/connect+json or application/connect+proto';
  const allowed = `send ${connect}, or as gRPC application/grpc or application/grpc-web`;
  const sent = header.get('content-type') ?? '';
  return sent === ''
    ? `the header content-type is missing, which says how the message is written: ${allowed}`
    : `the content-type ${shown(sent)} is not served: ${allowed}`;
}

function refusal(
  { contextValues }: UniversalServerRequest,
  status: number,
  error: DomainError,
  headers: Readonly<Record<string, string>> = {},
): UniversalServerResponse {
  const told = addCallId(toConnectError(error), contextValues?.get(callIdKey));
  return {
    status,
    header: new Headers({ 'content-type': 'application/json', ...headers }),
    body: createAsyncIterable([errorToJsonBytes(told, undefined)]),
  };
}
