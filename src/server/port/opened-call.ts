/**
 * What is known of a call when its headers have arrived, before it is decided whether it is served. Its ID is
 * the `x-request-id` of the answer, the RequestInfo of an error, and `callId` in the log. It says which call that was;
 * what the call intends has a request ID, which stays the same when the call is sent again.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createContextKey } from '@connectrpc/connect';
import type { AnswerHeaders, Cors } from './cors.ts';

export interface OpenedCall {
  readonly id: string;
  readonly answerHeaders: AnswerHeaders;
  /** The answer, without a body: the call only asks whether a page may call. */
  readonly preflight: AnswerHeaders | undefined;
}

/** The ID of a call; undefined without a port. */
export const callIdKey = createContextKey<string | undefined>(undefined);

const CALL_ID_HEADER = 'x-request-id';

/** UUIDs, trace IDs and what proxies make; nothing in which a caller could hide a name, because it is logged. */
const WELL_FORMED = /^[0-9a-f][0-9a-f-]{14,62}[0-9a-f]$/i;

/** Takes the caller's `x-request-id` when it is well formed, else makes a new one. */
export function openCall(method: string | undefined, headers: IncomingHttpHeaders, cors: Cors): OpenedCall {
  const sent = headers[CALL_ID_HEADER];
  const id = typeof sent === 'string' && WELL_FORMED.test(sent) ? sent : randomUUID();
  const answerHeaders = { [CALL_ID_HEADER]: id, ...cors.headersFor(headers) };
  const preflight = cors.preflightFor(method, headers);
  return { id, answerHeaders, preflight: preflight && { ...answerHeaders, ...preflight } };
}
