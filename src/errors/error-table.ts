/** The table of reasons on the wire: gRPC status code and retry delay. */
import { DomainError, type FieldViolation, type Reason } from './domain-error.ts';

/** The gRPC status codes in use, by their published numbers. */
const STATUS = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

export type StatusCode = (typeof STATUS)[keyof typeof STATUS];

/** How a reason appears on the wire. */
export interface ErrorRow {
  readonly code: StatusCode;
  /** When a retry may succeed, in milliseconds; null when a retry alone does not help. */
  readonly retryDelayMs: number | null;
}

function final(code: StatusCode): ErrorRow {
  return { code, retryDelayMs: null };
}

/** One row for every reason. */
export const ERROR_TABLE = {
  VALIDATION_FAILED: final(STATUS.INVALID_ARGUMENT),
  REQUEST_ID_REQUIRED: final(STATUS.INVALID_ARGUMENT),
  REQUEST_ID_INVALID: final(STATUS.INVALID_ARGUMENT),
  PAGE_TOKEN_INVALID: final(STATUS.INVALID_ARGUMENT),
  ACCOUNT_ID_INVALID: final(STATUS.INVALID_ARGUMENT),
  MESSAGE_TOO_LARGE: final(STATUS.RESOURCE_EXHAUSTED),
  RATE_LIMITED: { code: STATUS.RESOURCE_EXHAUSTED, retryDelayMs: 1_000 },
  EVALUATION_BEHIND: { code: STATUS.RESOURCE_EXHAUSTED, retryDelayMs: 5_000 },
  UNIMPLEMENTED: final(STATUS.UNIMPLEMENTED),

  UNAUTHENTICATED: final(STATUS.UNAUTHENTICATED),
  KEYS_UNAVAILABLE: { code: STATUS.UNAVAILABLE, retryDelayMs: 1_000 },
  PERMISSION_DENIED: final(STATUS.PERMISSION_DENIED),
  ACCOUNT_MISMATCH: final(STATUS.PERMISSION_DENIED),

  USER_NOT_FOUND: final(STATUS.NOT_FOUND),
  LIFT_NOT_FOUND: final(STATUS.NOT_FOUND),
  PROGRESSION_NOT_FOUND: final(STATUS.NOT_FOUND),
  PROGRAM_NOT_FOUND: final(STATUS.NOT_FOUND),
  CATALOG_PROGRAM_NOT_FOUND: final(STATUS.NOT_FOUND),
  PROGRAM_PROGRESSION_NOT_FOUND: final(STATUS.NOT_FOUND),
  ENROLLMENT_NOT_FOUND: final(STATUS.NOT_FOUND),
  ENROLLMENT_OVERRIDE_NOT_FOUND: final(STATUS.NOT_FOUND),
  EQUIPMENT_NOT_FOUND: final(STATUS.NOT_FOUND),
  LIFT_MAX_NOT_FOUND: final(STATUS.NOT_FOUND),
  PROGRESSION_LOG_NOT_FOUND: final(STATUS.NOT_FOUND),
  LOGGED_SET_NOT_FOUND: final(STATUS.NOT_FOUND),
  WORKFLOW_NOT_FOUND: final(STATUS.NOT_FOUND),
  WORKFLOW_VERSION_NOT_FOUND: final(STATUS.NOT_FOUND),
  RUN_NOT_FOUND: final(STATUS.NOT_FOUND),
  SECRET_NOT_FOUND: final(STATUS.NOT_FOUND),
  TRIGGER_NOT_FOUND: final(STATUS.NOT_FOUND),
  TRIGGER_VERSION_NOT_FOUND: final(STATUS.NOT_FOUND),
  TEMPLATE_NOT_FOUND: final(STATUS.NOT_FOUND),
  EVENT_NOT_FOUND: final(STATUS.NOT_FOUND),
  DEAD_LETTER_NOT_FOUND: final(STATUS.NOT_FOUND),

  REQUEST_ID_REUSED: final(STATUS.ALREADY_EXISTS),
  EVENT_ID_REUSED: final(STATUS.ALREADY_EXISTS),
  SET_CONFLICT: final(STATUS.ALREADY_EXISTS),
  SLUG_TAKEN: final(STATUS.ALREADY_EXISTS),
  USER_EXISTS: final(STATUS.ALREADY_EXISTS),
  PROGRAM_PROGRESSION_EXISTS: final(STATUS.ALREADY_EXISTS),
  TRIGGER_EXISTS: final(STATUS.ALREADY_EXISTS),
  FIELD_EXISTS: final(STATUS.ALREADY_EXISTS),

  NOT_ENROLLED: final(STATUS.FAILED_PRECONDITION),
  ALREADY_ENROLLED: final(STATUS.FAILED_PRECONDITION),
  UNIT_MISMATCH: final(STATUS.FAILED_PRECONDITION),
  PROGRESSION_INVALID: final(STATUS.FAILED_PRECONDITION),
  PROGRESSION_NOT_IN_PROGRAM: final(STATUS.FAILED_PRECONDITION),
  LIFT_NOT_IN_PROGRAM: final(STATUS.FAILED_PRECONDITION),
  NOT_LATEST_APPLICATION: final(STATUS.FAILED_PRECONDITION),
  EARLIER_ENROLLMENT: final(STATUS.FAILED_PRECONDITION),
  IN_USE: final(STATUS.FAILED_PRECONDITION),
  USER_ERASED: final(STATUS.FAILED_PRECONDITION),
  WORKFLOW_INCOMPLETE: final(STATUS.FAILED_PRECONDITION),
  WORKFLOW_NOT_ACTIVE: final(STATUS.FAILED_PRECONDITION),
  RUN_STATE: final(STATUS.FAILED_PRECONDITION),
  SECRET_IN_USE: final(STATUS.FAILED_PRECONDITION),
  SECRETS_UNAVAILABLE: final(STATUS.FAILED_PRECONDITION),
  WORKFLOW_ARCHIVED: final(STATUS.FAILED_PRECONDITION),
  BACKFILL_UNDER_WAY: final(STATUS.FAILED_PRECONDITION),
  CONFIRMATION_STALE: final(STATUS.FAILED_PRECONDITION),
  EPOCH_CHANGED: final(STATUS.FAILED_PRECONDITION),
  EVENTS_REMOVED: final(STATUS.FAILED_PRECONDITION),
  TRIGGER_DELETED: final(STATUS.FAILED_PRECONDITION),
  TRIGGER_LOOP: final(STATUS.FAILED_PRECONDITION),

  VALUE_OUT_OF_RANGE: final(STATUS.OUT_OF_RANGE),

  ETAG_MISMATCH: final(STATUS.ABORTED),
  CONCURRENT_UPDATE: { code: STATUS.ABORTED, retryDelayMs: 50 },
  DATABASE_UNAVAILABLE: { code: STATUS.UNAVAILABLE, retryDelayMs: 1_000 },
  OVERLOADED: { code: STATUS.UNAVAILABLE, retryDelayMs: 250 },
  SHUTTING_DOWN: { code: STATUS.UNAVAILABLE, retryDelayMs: 100 },
  DEADLINE_EXCEEDED: final(STATUS.DEADLINE_EXCEEDED),
  CANCELLED: final(STATUS.CANCELLED),

  INTERNAL: final(STATUS.INTERNAL),
} as const satisfies Record<Reason, ErrorRow>;

/** An error inside a batch answer; it has the same fields that the single call would have had. */
export interface BatchError {
  readonly code: StatusCode;
  readonly reason: Reason;
  readonly message: string;
  readonly metadata: Record<string, string>;
  readonly fieldViolations: FieldViolation[];
  readonly retryable: boolean;
}

/** Whether an error is a defect: it is logged with its cause, and callers are told only "internal error". */
export function isDefect(error: unknown): boolean {
  return !(error instanceof DomainError) || error.reason === 'INTERNAL';
}

/** Whether the same request may succeed later as it is. */
export function isRetryable(error: unknown): error is DomainError {
  return error instanceof DomainError && (ERROR_TABLE[error.reason] satisfies ErrorRow).retryDelayMs !== null;
}

/** The error that a caller may see: the error itself, or "internal error" in place of a defect. */
export function toRefusal(error: unknown): DomainError {
  if (error instanceof DomainError && !isDefect(error)) {
    return error;
  }
  return new DomainError('INTERNAL', 'internal error', { cause: error });
}

/**
 * The error in the form of a batch answer. A defect appears as "internal error"; see `isDefect` for logging.
 */
export function toBatchError(error: unknown): BatchError {
  const refusal = toRefusal(error);
  const row: ErrorRow = ERROR_TABLE[refusal.reason];
  return {
    code: row.code,
    reason: refusal.reason,
    message: refusal.message,
    metadata: { ...refusal.metadata },
    fieldViolations: [...refusal.violations],
    retryable: isRetryable(refusal),
  };
}
