/** How faults are told: all at once. */
import { type FieldViolation, invalidFields } from '../../../domain-error.ts';

/** VALIDATION_FAILED with all of them, if there are any. */
export function requireNone(violations: readonly FieldViolation[]): void {
  if (violations.length > 0) {
    throw invalidFields(violations);
  }
}
