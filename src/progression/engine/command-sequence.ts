/** Keeps a retryable refusal in order: the later commands of its sequence are refused as well. */
import type { DomainError } from '../../errors/domain-error.ts';
import { isRetryable } from '../../errors/error-table.ts';

/**
 * Commands of one athlete that are to be applied in the order submitted, such as those of a batch. After a refusal
 * that may be retried the later ones are refused with the same error: otherwise they would overtake its retry.
 */
export interface CommandSequence {
  /** The first such refusal. The queue sets it. */
  refusal?: DomainError;
}

/** Notes why a command of the sequence failed, before the caller learns it. */
export function noteFailure(sequence: CommandSequence | undefined, error: unknown): void {
  if (sequence && isRetryable(error)) {
    sequence.refusal ??= error;
  }
}
