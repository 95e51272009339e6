/** Reads the details of a failed call. */
import { type Code, ConnectError } from '@connectrpc/connect';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from './gen/google/rpc/error_details_pb.js';
import type { Reason } from './reasons.js';

export interface FieldViolation {
  /** A path such as `session.lifts_performed[2]`; empty for the message as a whole. */
  readonly field: string;
  /** What is allowed, and what was sent. */
  readonly description: string;
}

export interface ErrorDetails {
  readonly code: Code;
  /** For developers; texts may change, so branch on the reason. */
  readonly message: string;
  /** undefined when the error did not come from the service. A newer server may send reasons that this version lacks. */
  readonly reason: Reason | (string & {}) | undefined;
  /** The ids and limits that the error is about. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  /** The same call may succeed after this delay; undefined: something has to change first. */
  readonly retryAfterMs: number | undefined;
}

/** Never throws: an error that is not of a call has the code UNKNOWN. */
export function readErrorDetails(error: unknown): ErrorDetails {
  const failure = ConnectError.from(error);
  const [info] = failure.findDetails(ErrorInfoSchema);
  const [badRequest] = failure.findDetails(BadRequestSchema);
  const [retry] = failure.findDetails(RetryInfoSchema);
  return {
    code: failure.code,
    message: failure.rawMessage,
    reason: info?.reason,
    metadata: info?.metadata ?? {},
    violations: (badRequest?.fieldViolations ?? []).map(({ field, description }) => ({ field, description })),
    retryAfterMs:
      retry?.retryDelay && Number(retry.retryDelay.seconds) * 1_000 + retry.retryDelay.nanos / 1e6,
  };
}

/** Whether a call failed for this reason. */
export function hasReason(error: unknown, reason: Reason): boolean {
  return readErrorDetails(error).reason === reason;
}
