/** Converts any failure of a call to a ConnectError with google.rpc details. */
import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { DomainError, type Reason } from '../errors/domain-error.ts';
import { ERROR_TABLE, type ErrorRow, toRefusal } from '../errors/error-table.ts';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../gen/google/rpc/error_details_pb.ts';
import { fitMessage, fitMetadata, fitViolations, messageOfViolations } from './error-size.ts';

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
