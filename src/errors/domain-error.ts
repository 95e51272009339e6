/** The one way in which the domain refuses: a reason from a closed list, with what a caller needs to act on it. */

/** Why something was refused. docs/errors.md has a line for each; src/errors/error-table.ts its status code. */
export type Reason =
  // The request itself.
  | 'VALIDATION_FAILED'
  | 'REQUEST_ID_REQUIRED'
  | 'REQUEST_ID_INVALID'
  | 'PAGE_TOKEN_INVALID'
  | 'ACCOUNT_ID_INVALID'
  | 'MESSAGE_TOO_LARGE'
  | 'RATE_LIMITED'
  | 'UNIMPLEMENTED'
  // Who calls.
  | 'UNAUTHENTICATED'
  | 'KEYS_UNAVAILABLE'
  | 'PERMISSION_DENIED'
  | 'ACCOUNT_MISMATCH'
  // What it names does not exist.
  | 'USER_NOT_FOUND'
  | 'LIFT_NOT_FOUND'
  | 'PROGRESSION_NOT_FOUND'
  | 'PROGRAM_NOT_FOUND'
  | 'CATALOG_PROGRAM_NOT_FOUND'
  | 'PROGRAM_PROGRESSION_NOT_FOUND'
  | 'ENROLLMENT_NOT_FOUND'
  | 'LIFT_MAX_NOT_FOUND'
  | 'PROGRESSION_LOG_NOT_FOUND'
  | 'WORKFLOW_NOT_FOUND'
  | 'TRIGGER_NOT_FOUND'
  | 'TRIGGER_VERSION_NOT_FOUND'
  | 'TEMPLATE_NOT_FOUND'
  | 'EVENT_NOT_FOUND'
  | 'DEAD_LETTER_NOT_FOUND'
  // What it would make exists.
  | 'REQUEST_ID_REUSED'
  | 'EVENT_ID_REUSED'
  | 'SET_CONFLICT'
  | 'SLUG_TAKEN'
  | 'USER_EXISTS'
  | 'PROGRAM_PROGRESSION_EXISTS'
  | 'TRIGGER_EXISTS'
  | 'FIELD_EXISTS'
  // The state does not allow it.
  | 'NOT_ENROLLED'
  | 'ALREADY_ENROLLED'
  | 'PROGRESSION_INVALID'
  | 'PROGRESSION_NOT_IN_PROGRAM'
  | 'LIFT_NOT_IN_PROGRAM'
  | 'NOT_LATEST_APPLICATION'
  | 'IN_USE'
  | 'WORKFLOW_INCOMPLETE'
  | 'WORKFLOW_NOT_ACTIVE'
  | 'WORKFLOW_ARCHIVED'
  | 'BACKFILL_UNDER_WAY'
  | 'CONFIRMATION_STALE'
  | 'TRIGGER_DELETED'
  | 'TRIGGER_LOOP'
  // Arithmetic.
  | 'VALUE_OUT_OF_RANGE'
  // Not this time.
  | 'ETAG_MISMATCH'
  | 'CONCURRENT_UPDATE'
  | 'DATABASE_UNAVAILABLE'
  | 'OVERLOADED'
  | 'SHUTTING_DOWN'
  | 'DEADLINE_EXCEEDED'
  | 'CANCELLED'
  // A defect of ours.
  | 'INTERNAL';

/** A field of the request that is not acceptable: its path, and what is allowed there. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly reason: Reason;
  /** Ids, limits and allowed values; never personal data, SQL or stacks. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  /** After how long another try may succeed, when that is known better than for the reason in general. */
  readonly retryDelayMs: number | undefined;

  constructor(
    reason: Reason,
    message: string,
    details: {
      metadata?: Readonly<Record<string, string>>;
      violations?: readonly FieldViolation[];
      retryDelayMs?: number;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.reason = reason;
    this.metadata = details.metadata ?? {};
    this.violations = details.violations ?? [];
    this.retryDelayMs = details.retryDelayMs;
  }
}

/** Bad input: every field that is not acceptable, at once. */
export function invalidFields(violations: readonly FieldViolation[]): DomainError {
  const message = violations.map((v) => `${v.field}: ${v.description}`).join('; ');
  return new DomainError('VALIDATION_FAILED', message, { violations });
}
