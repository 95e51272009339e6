/** What follows from how a try of a step ended. */
import type { Limits } from '../../config.ts';
import { DomainError, type Reason } from '../../domain-error.ts';
import { backoffMs } from '../../flow/backoff.ts';
import { type CallEnd, type StepEnd, type StepReason, StepRefusal } from './step.ts';

export type Judgement =
  | { readonly kind: 'ENDED'; readonly outcome: StepEnd }
  | { readonly kind: 'TRY_AGAIN'; readonly reason: StepReason }
  | { readonly kind: 'FAILED'; readonly reason: StepReason }
  /** There is nobody left to do it for. */
  | { readonly kind: 'SUBJECT_DELETED' };

/** Refusals that say nothing of the step: the same try may succeed later. A defect of ours may have been mended. */
const PASSING_REASONS: ReadonlySet<Reason> = new Set([
  'CONCURRENT_UPDATE',
  'DATABASE_UNAVAILABLE',
  'OVERLOADED',
  'DEADLINE_EXCEEDED',
  'CANCELLED',
  'INTERNAL',
]);

export function judgeEnd(end: CallEnd): Judgement {
  return typeof end === 'string'
    ? { kind: 'ENDED', outcome: end }
    : { kind: 'TRY_AGAIN', reason: end.tryAgain };
}

/** Judges what a step threw; what is no refusal is a defect. */
export function judgeError(error: unknown): Judgement {
  if (error instanceof StepRefusal) {
    return { kind: 'FAILED', reason: error.reason };
  }
  const reason = error instanceof DomainError ? error.reason : 'INTERNAL';
  if (reason === 'USER_NOT_FOUND') {
    return { kind: 'SUBJECT_DELETED' };
  }
  return { kind: PASSING_REASONS.has(reason) ? 'TRY_AGAIN' : 'FAILED', reason };
}

/** Microseconds to wait before the next try, after so many, by a backoff with jitter. */
export function pauseMicros(
  tries: number,
  { firstStepPauseMs, longestStepPauseMs }: Pick<Limits, 'firstStepPauseMs' | 'longestStepPauseMs'>,
): bigint {
  const pauseMs = backoffMs(tries, { firstMs: firstStepPauseMs, longestMs: longestStepPauseMs });
  return BigInt(Math.round(pauseMs * 1000));
}
