/** Converts any failure of a call to a ConnectError with google.rpc details. */
import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { DomainError, type Reason } from '../errors/domain-error.ts';
import { ERROR_TABLE, type ErrorRow, toRefusal } from '../errors/error-table.ts';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../gen/google/rpc/error_details_pb.ts';

/** The domain of every google.rpc.ErrorInfo. */
export const ERROR_DOMAIN = 'progression-service';

/** Errors travel in headers, and gRPC clients take as little as 8 KiB of those. */
const SENT_VIOLATIONS = 20;
const SENT_MESSAGE_CHARACTERS = 500;

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

/** The message of the RPC library for a binary request that it cannot decode. */
const UNREADABLE = /^parse binary: /;

/**
 * Adds ErrorInfo to an error of the RPC library that has no details yet. A request that cannot be decoded
 * becomes VALIDATION_FAILED in both formats; the library itself does so for JSON only.
 */
export function describeConnectError(error: ConnectError): void {
  if (error.code === Code.Internal && UNREADABLE.test(error.rawMessage)) {
    // Changes the error in place, because the library offers no later hook.
    (error as { code: Code }).code = Code.InvalidArgument;
  }
  const reason = REASON_OF_CODE[error.code];
  if (reason && error.details.length === 0) {
    error.details.push(...detailsOf(new DomainError(reason, error.rawMessage)));
  }
}

function messageOf({ message, violations }: DomainError): string {
  if (message.length <= SENT_MESSAGE_CHARACTERS) {
    return message;
  }
  const count = violations.length > 1 ? ` (${violations.length} fields)` : '';
  return `${message.slice(0, SENT_MESSAGE_CHARACTERS)}…${count}`;
}

interface Detail {
  desc: DescMessage;
  value: MessageInitShape<DescMessage>;
}

function detail<D extends DescMessage>(desc: D, value: MessageInitShape<D>): Detail {
  return { desc, value };
}

function detailsOf({ reason, metadata, violations, ...refusal }: DomainError): Detail[] {
  const row: ErrorRow = ERROR_TABLE[reason];
  const retryDelayMs = refusal.retryDelayMs ?? row.retryDelayMs;
  const details = [detail(ErrorInfoSchema, { reason, domain: ERROR_DOMAIN, metadata: { ...metadata } })];
  if (violations.length > 0) {
    details.push(detail(BadRequestSchema, { fieldViolations: violations.slice(0, SENT_VIOLATIONS) }));
  }
  if (retryDelayMs !== null) {
    details.push(detail(RetryInfoSchema, { retryDelay: durationFromMs(retryDelayMs) }));
  }
  return details;
}
