/** Turns whatever a call failed with into the error that goes over the wire, with its google.rpc details. */
import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { DomainError, type Reason } from '../errors/domain-error.ts';
import { ERROR_TABLE, type ErrorRow, toRefusal } from '../errors/error-table.ts';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../gen/google/rpc/error_details_pb.ts';

/** The domain of every google.rpc.ErrorInfo: reasons mean something within it. */
export const ERROR_DOMAIN = 'progression-service';

/** Errors travel in headers, and gRPC clients take as little as 8 KiB of those. */
const SENT_VIOLATIONS = 20;
const SENT_MESSAGE_CHARACTERS = 500;

/** What the RPC library itself raises, before or beside the handlers. */
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

/** Why a call failed; undefined when the RPC library refused it for something that has no reason here. */
export function reasonOf(error: unknown): Reason | undefined {
  if (error instanceof DomainError) {
    return error.reason;
  }
  return error instanceof ConnectError ? REASON_OF_CODE[error.code] : 'INTERNAL';
}

/**
 * The error as its caller may see it: status code by the error table, ErrorInfo, BadRequest for violations,
 * RetryInfo where another try may succeed. A defect says "internal error" and keeps what happened as its cause.
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

/** What the RPC library says of a binary message that it cannot read. */
const UNREADABLE = /^parse binary: /;

/**
 * Adds the ErrorInfo to an error of the RPC library that has no details yet. A message that cannot be read is the
 * caller's to mend, in whichever format; the library says so of JSON alone.
 */
export function describeConnectError(error: ConnectError): void {
  if (error.code === Code.Internal && UNREADABLE.test(error.rawMessage)) {
    // The error is on its way out: there is no other place to correct it.
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
