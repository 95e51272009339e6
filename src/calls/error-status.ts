/**
 * Converts any failure of a call to a ConnectError with google.rpc details, small enough for clients that
 * take at most 8 KiB of headers (gRPC sends errors in trailers).
 */

import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { DomainError, describeViolation, type FieldViolation, type Reason } from '../errors/domain-error.ts';
import { ERROR_TABLE, type ErrorRow, toRefusal } from '../errors/error-table.ts';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from '../gen/google/rpc/error_details_pb.ts';

/** Of the message, as gRPC escapes it. It is sent twice: the second time in base64, within the details. */
const MESSAGE_BYTES = 1000;
/** Of all violations, before base64. */
const VIOLATIONS_BYTES = 1700;
const VIOLATION_TEXT_BYTES = 350;
/** Of all metadata, before base64. */
const METADATA_BYTES = 600;
/** Of a key or a value, and of what frames them on the wire. */
const FRAME_BYTES = 8;

export interface SentViolations {
  readonly listed: FieldViolation[];
  /** How many there are beside those. */
  readonly more: number;
}

/** The first violations that fit, and how many do not. */
function fitViolations(violations: readonly FieldViolation[], more: number): SentViolations {
  const listed: FieldViolation[] = [];
  let left = VIOLATIONS_BYTES;
  for (const violation of violations) {
    const field = fitText(violation.field, VIOLATION_TEXT_BYTES);
    const description = fitText(violation.description, VIOLATION_TEXT_BYTES);
    left -= Buffer.byteLength(field) + Buffer.byteLength(description) + FRAME_BYTES;
    if (left < 0) {
      break;
    }
    listed.push({ field, description });
  }
  return { listed, more: more + violations.length - listed.length };
}

/** The metadata, with values cut where there are too many bytes. */
function fitMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  let left = METADATA_BYTES;
  const fitting = Object.entries(metadata).map(([key, value]) => {
    left -= Buffer.byteLength(key) + FRAME_BYTES;
    const cut = fitText(value, Math.max(left, 0));
    left -= Buffer.byteLength(cut);
    return [key, cut] as const;
  });
  return Object.fromEntries(fitting);
}

/** A message, cut to what its header takes; a text that is no Unicode could not be escaped at all. */
function fitMessage(message: string): string {
  return beginningOf(message, MESSAGE_BYTES, escapedLength);
}

/** What is wrong with a request, as far as it fits, and how much more there is. */
function messageOfViolations(violations: readonly FieldViolation[], more: number): string {
  let message = '';
  let described = 0;
  for (const violation of violations) {
    const longer = `${message}${message === '' ? '' : '; '}${describeViolation(violation)}`.toWellFormed();
    if (escapedLength(longer) > MESSAGE_BYTES - 50) {
      break;
    }
    message = longer;
    described += 1;
  }
  const [first] = violations;
  const rest = more + violations.length - Math.max(described, 1);
  const begun =
    message || (first ? beginningOf(describeViolation(first), MESSAGE_BYTES - 50, escapedLength) : '');
  return rest > 0 ? `${begun}; and ${rest} more` : begun;
}

function fitText(text: string, bytes: number): string {
  return beginningOf(text, bytes, Buffer.byteLength);
}

function escapedLength(text: string): number {
  return encodeURIComponent(text).length;
}

/** The beginning of a text, by whole characters, with a sign that it was longer. */
function beginningOf(text: string, most: number, lengthOf: (text: string) => number): string {
  // No character is shorter than one byte.
  const sound = text.slice(0, most + 1).toWellFormed();
  if (text.length <= most && lengthOf(sound) <= most) {
    return sound;
  }
  let fitting = '';
  let length = lengthOf('…');
  for (const character of sound) {
    length += lengthOf(character);
    if (length > most) {
      break;
    }
    fitting += character;
  }
  return `${fitting}…`;
}

/** The domain of every google.rpc.ErrorInfo. */
export const ERROR_DOMAIN = 'progression-service';

/** Reasons for the status codes that the RPC library raises itself. */
const REASON_OF_CODE: Readonly<Partial<Record<Code, Reason>>> = {
  [Code.InvalidArgument]: 'VALIDATION_FAILED',
  [Code.ResourceExhausted]: 'MESSAGE_TOO_LARGE',
  [Code.DeadlineExceeded]: 'DEADLINE_EXCEEDED',
  [Code.Canceled]: 'CANCELLED',
  [Code.Aborted]: 'CANCELLED',
  [Code.Unimplemented]: 'UNIMPLEMENTED',
  [Code.Internal]: 'INTERNAL',
  [Code.Unknown]: 'INTERNAL',
};

/** The reason of a failure; undefined for a status of the RPC library that has none. */
export function reasonOf(error: unknown): Reason | undefined {
  if (error instanceof DomainError) {
    return error.reason;
  }
  return error instanceof ConnectError ? REASON_OF_CODE[error.code] : 'INTERNAL';
}

/**
 * The error as the caller sees it: the status code from the error table, ErrorInfo, BadRequest for
 * violations, RetryInfo for retryable reasons. A defect says "internal error" and keeps the original error as
 * its cause.
 */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) {
    describeConnectError(error);
    return error;
  }
  const refusal = toRefusal(error);
  const { code }: ErrorRow = ERROR_TABLE[refusal.reason];
  return new ConnectError(messageOf(refusal), code, undefined, detailsOf(refusal), refusal.cause ?? error);
}

/** What the RPC library calls internal although the caller has to correct it. */
const UNREADABLE = /^parse binary: |^received compressed envelope, but do not know how to decompress$/;

/**
 * Adds ErrorInfo to an error of the RPC library that has no details yet, and cuts its message, which may repeat a
 * header. A request that cannot be decoded becomes VALIDATION_FAILED in both formats; the library itself does so for
 * JSON only.
 */
export function describeConnectError(error: ConnectError): void {
  // Changes the error in place, because the library offers no later hook.
  const open: { code: Code; rawMessage: string } = error;
  if (error.code === Code.Internal && UNREADABLE.test(error.rawMessage)) {
    open.code = Code.InvalidArgument;
  }
  open.rawMessage = fitMessage(error.rawMessage);
  const reason = REASON_OF_CODE[error.code];
  if (reason && error.details.length === 0) {
    error.details.push(...detailsOf(new DomainError(reason, error.rawMessage)));
  }
}

/** Adds the call's ID as RequestInfo. undefined: the call did not arrive on a port and has none. */
export function addCallId(error: ConnectError, callId: string | undefined): ConnectError {
  if (callId !== undefined) {
    error.details.push(detail(RequestInfoSchema, { requestId: callId }));
  }
  return error;
}

function messageOf({ message, violations, moreViolations }: DomainError): string {
  return violations.length > 0 ? messageOfViolations(violations, moreViolations) : fitMessage(message);
}

interface Detail {
  desc: DescMessage;
  value: MessageInitShape<DescMessage>;
}

function detail<D extends DescMessage>(desc: D, value: MessageInitShape<D>): Detail {
  return { desc, value };
}

function detailsOf({ reason, metadata, violations, moreViolations, ...refusal }: DomainError): Detail[] {
  const row: ErrorRow = ERROR_TABLE[reason];
  const retryDelayMs = refusal.retryDelayMs ?? row.retryDelayMs;
  const { listed, more } = fitViolations(violations, moreViolations);
  const sent = fitMetadata(more > 0 ? { ...metadata, moreViolations: `${more}` } : metadata);
  const details = [detail(ErrorInfoSchema, { reason, domain: ERROR_DOMAIN, metadata: sent })];
  if (violations.length > 0) {
    details.push(detail(BadRequestSchema, { fieldViolations: listed }));
  }
  if (retryDelayMs !== null) {
    details.push(detail(RetryInfoSchema, { retryDelay: durationFromMs(retryDelayMs) }));
  }
  return details;
}
