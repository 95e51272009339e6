/** Judges what a step returned or threw: the step has ended, is tried again, has failed, or its athlete is gone. */
import { DomainError, describeViolation, type Reason } from '../../errors/domain-error.ts';
import { FilterUnreadable } from '../../filters/filter.ts';
import { type CallEnd, type StepEnd, type StepReason, StepRefusal, type WebhookResult } from './step.ts';
import type { StepChange } from './step-changes.ts';

/** Why a try failed. */
interface Failure {
  readonly reason: StepReason;
  /** See StepRefusal. */
  readonly detail?: string | undefined;
}

export type Judgement =
  /** `taken` is the list that the step chose, if it has any. */
  | {
      readonly kind: 'ENDED';
      readonly outcome: StepEnd;
      readonly taken?: string;
      readonly answer?: WebhookResult;
      readonly changes?: readonly StepChange[];
    }
  | ({ readonly kind: 'TRY_AGAIN' } & Failure)
  | ({ readonly kind: 'FAILED' } & Failure)
  /** The athlete or the program is gone. */
  | { readonly kind: 'SUBJECT_DELETED' };

/**
 * Refusals that do not depend on the step, so that a retry can succeed; defects are retried too, because a
 * fix may be deployed.
 */
const PASSING_REASONS: ReadonlySet<Reason> = new Set([
  'CONCURRENT_UPDATE',
  'DATABASE_UNAVAILABLE',
  'OVERLOADED',
  'DEADLINE_EXCEEDED',
  'CANCELLED',
  'INTERNAL',
]);

export function judgeEnd(end: CallEnd): Judgement {
  if (typeof end === 'string') {
    return { kind: 'ENDED', outcome: end };
  }
  return 'tryAgain' in end
    ? { kind: 'TRY_AGAIN', reason: end.tryAgain, detail: end.detail }
    : { kind: 'ENDED', outcome: 'DONE', ...end };
}

/** Classifies what a step threw; anything but a DomainError is a defect. */
export function judgeError(error: unknown): Judgement {
  if (error instanceof StepRefusal) {
    return { kind: 'FAILED', reason: error.reason, detail: error.detail };
  }
  if (error instanceof FilterUnreadable) {
    return { kind: 'FAILED', reason: 'FILTER_UNREADABLE', detail: error.message };
  }
  if (!(error instanceof DomainError)) {
    return { kind: 'TRY_AGAIN', reason: 'INTERNAL' };
  }
  const { reason } = error;
  if (reason === 'USER_NOT_FOUND') {
    return { kind: 'SUBJECT_DELETED' };
  }
  return PASSING_REASONS.has(reason)
    ? { kind: 'TRY_AGAIN', reason }
    : { kind: 'FAILED', reason, detail: detailOf(error) };
}

/** Without the values that were refused: a template may have made them of what the athlete's profile says. */
function detailOf({ message, violations }: DomainError): string {
  return violations.length === 0
    ? message
    : violations
        .map(({ field, description }) => ({ field, description: description.replace(/; was .*$/s, '') }))
        .map(describeViolation)
        .join('; ');
}
