/**
 * The error that the domain refuses with: a reason from a closed list, and what the caller needs to act on
 * it.
 */

/**
 * Why a call was refused. docs/errors.md explains each reason; src/errors/error-table.ts has its status code.
 */
export type Reason =
  // Bad requests.
  | 'VALIDATION_FAILED'
  | 'REQUEST_ID_REQUIRED'
  | 'REQUEST_ID_INVALID'
  | 'PAGE_TOKEN_INVALID'
  | 'ACCOUNT_ID_INVALID'
  | 'MESSAGE_TOO_LARGE'
  | 'RATE_LIMITED'
  | 'EVALUATION_BEHIND'
  | 'UNIMPLEMENTED'
  // Credentials and permissions.
  | 'UNAUTHENTICATED'
  | 'KEYS_UNAVAILABLE'
  | 'PERMISSION_DENIED'
  | 'ACCOUNT_MISMATCH'
  // Missing resources.
  | 'USER_NOT_FOUND'
  | 'LIFT_NOT_FOUND'
  | 'PROGRESSION_NOT_FOUND'
  | 'PROGRAM_NOT_FOUND'
  | 'CATALOG_PROGRAM_NOT_FOUND'
  | 'PROGRAM_PROGRESSION_NOT_FOUND'
  | 'ENROLLMENT_NOT_FOUND'
  | 'ENROLLMENT_OVERRIDE_NOT_FOUND'
  | 'EQUIPMENT_NOT_FOUND'
  | 'LIFT_MAX_NOT_FOUND'
  | 'PROGRESSION_LOG_NOT_FOUND'
  | 'LOGGED_SET_NOT_FOUND'
  | 'WORKFLOW_NOT_FOUND'
  | 'WORKFLOW_VERSION_NOT_FOUND'
  | 'RUN_NOT_FOUND'
  | 'SECRET_NOT_FOUND'
  | 'TRIGGER_NOT_FOUND'
  | 'TRIGGER_VERSION_NOT_FOUND'
  | 'TEMPLATE_NOT_FOUND'
  | 'EVENT_NOT_FOUND'
  | 'DEAD_LETTER_NOT_FOUND'
  // Conflicts with what exists.
  | 'REQUEST_ID_REUSED'
  | 'EVENT_ID_REUSED'
  | 'SET_CONFLICT'
  | 'SLUG_TAKEN'
  | 'USER_EXISTS'
  | 'PROGRAM_PROGRESSION_EXISTS'
  | 'TRIGGER_EXISTS'
  | 'FIELD_EXISTS'
  // Wrong state.
  | 'NOT_ENROLLED'
  | 'ALREADY_ENROLLED'
  | 'UNIT_MISMATCH'
  | 'PROGRESSION_INVALID'
  | 'PROGRESSION_NOT_IN_PROGRAM'
  | 'LIFT_NOT_IN_PROGRAM'
  | 'NOT_LATEST_APPLICATION'
  | 'EARLIER_ENROLLMENT'
  | 'IN_USE'
  | 'USER_ERASED'
  | 'WORKFLOW_INCOMPLETE'
  | 'WORKFLOW_NOT_ACTIVE'
  | 'RUN_STATE'
  | 'SECRET_IN_USE'
  | 'SECRETS_UNAVAILABLE'
  | 'WORKFLOW_ARCHIVED'
  | 'BACKFILL_UNDER_WAY'
  | 'CONFIRMATION_STALE'
  | 'EPOCH_CHANGED'
  | 'EVENTS_REMOVED'
  | 'TRIGGER_DELETED'
  | 'TRIGGER_LOOP'
  // Arithmetic.
  | 'VALUE_OUT_OF_RANGE'
  // Temporary conditions.
  | 'ETAG_MISMATCH'
  | 'CONCURRENT_UPDATE'
  | 'DATABASE_UNAVAILABLE'
  | 'OVERLOADED'
  | 'SHUTTING_DOWN'
  | 'DEADLINE_EXCEEDED'
  | 'CANCELLED'
  // Defects of the service.
  | 'INTERNAL';

/** A field of the request that was refused: its path, and what is allowed. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly reason: Reason;
  /** Ids, limits and allowed values; never personal data, SQL or stack traces. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
  /** The number of violations beyond those listed. */
  readonly moreViolations: number;
  /** When a retry may succeed, where it is known more precisely than the error table says. */
  readonly retryDelayMs: number | undefined;

  constructor(
    reason: Reason,
    message: string,
    details: {
      metadata?: Readonly<Record<string, string>>;
      violations?: readonly FieldViolation[];
      moreViolations?: number;
      retryDelayMs?: number;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.reason = reason;
    this.metadata = details.metadata ?? {};
    this.violations = details.violations ?? [];
    this.moreViolations = details.moreViolations ?? 0;
    this.retryDelayMs = details.retryDelayMs;
  }
}

/** VALIDATION_FAILED with every field that was refused; `more` counts those that are not described. */
export function invalidFields(violations: readonly FieldViolation[], more = 0): DomainError {
  const described = violations.map(describeViolation).join('; ');
  const message = more > 0 ? `${described}; and ${more} more` : described;
  return new DomainError('VALIDATION_FAILED', message, { violations, moreViolations: more });
}

/** For example `session.week_number: must be from 1 to 10000`. */
export function describeViolation({ field, description }: FieldViolation): string {
  return field === '' ? description : `${field}: ${description}`;
}
