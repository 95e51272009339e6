/** Request IDs: what makes a write safe to send again. */
import type { DescMethod } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import type { CallOptions } from '@connectrpc/connect';
import { v7 as uuidv7 } from 'uuid';

export const REQUEST_ID_HEADER = 'idempotency-key';

/** A request ID, for one intention. Store it with what it is about when a crash must not forget it. */
export function newRequestId(): string {
  return uuidv7();
}

/**
 * Call options with this request ID, a UUID.
 *
 *     await client.progressions.handleSessionComplete(request, withRequestId(session.requestId));
 */
export function withRequestId(requestId: string, options: CallOptions = {}): CallOptions {
  const headers = new Headers(options.headers);
  headers.set(REQUEST_ID_HEADER, requestId);
  return { ...options, headers };
}

export function needsRequestId(method: DescMethod): boolean {
  return method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
}
