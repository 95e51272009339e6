/** Records the result of a step, and decides how the run continues. */
import type { Limits } from '../../config/config.ts';
import { DomainError, type Reason } from '../../errors/domain-error.ts';
import { FilterUnreadable } from '../../filters/filter.ts';
import { backoffMs } from '../../flow/backoff.ts';
import type { Transaction } from '../../store/database.ts';
import { ActionExecutionEntity } from '../../store/entities/action-execution.ts';
import { type Instant, instantToText } from '../../values/instant.ts';
import { afterFailure, type RetryLimits, retryLimitsOf } from './failure-policy.ts';
import type { Run } from './load-run.ts';
import { tellOfEnd, tellOfFailingWebhook } from './run-events.ts';
import {
  type CallEnd,
  type StepEnd,
  type StepReason,
  StepRefusal,
  storedActionName,
  type WebhookResult,
} from './step.ts';

type StepLimits = RetryLimits & Pick<Limits, 'keptStepTries' | 'failingWebhookTries'>;

/** The number of the try, from 1, and when it started. */
export interface Try {
  readonly tries: number;
  readonly startedAt: Instant;
}

/**
 * Records a try that has ended, and tells of the run's end. A run that has ended meanwhile stays ended, and the
 * step's result is kept all the same.
 */
export function recordTry(
  tx: Transaction,
  run: Run,
  judgement: Judgement,
  attempt: Try,
  now: Instant,
  limits: StepLimits,
): void {
  const wasOpen = !hasEnded(run);
  recordJudgement(tx, run, judgement, { ...attempt, keptTries: limits.keptStepTries }, now, limits);
  if (wasOpen) {
    tellOfEnd(tx, run, now);
  }
}

function recordJudgement(
  tx: Transaction,
  run: Run,
  judgement: Judgement,
  made: Try & { readonly keptTries: number },
  now: Instant,
  limits: StepLimits,
): void {
  const retry = retryLimitsOf(run.stored, limits);
  switch (judgement.kind) {
    case 'ENDED':
      record(
        tx,
        run,
        {
          ...made,
          outcome: judgement.outcome,
          reason: null,
          taken: judgement.taken,
          answer: judgement.answer,
        },
        now,
      );
      moveOn(run, judgement.taken, now);
      break;
    case 'TRY_AGAIN':
      if (made.tries < retry.stepTries) {
        record(tx, run, { ...made, outcome: 'RETRYING', reason: judgement.reason }, now);
        rest(run, now + pauseMicros(made.tries, retry), made.tries);
        if (made.tries === limits.failingWebhookTries && storedActionName(run.stored) === 'call_webhook') {
          tellOfFailingWebhook(tx, run, { tries: made.tries, reason: judgement.reason }, now);
        }
        break;
      }
      fail(tx, run, { ...made, reason: judgement.reason }, now);
      break;
    case 'FAILED':
      fail(tx, run, { ...made, reason: judgement.reason, detail: judgement.detail }, now);
      break;
    case 'SUBJECT_DELETED':
      cancel(run, now);
      break;
  }
}

/** The run continues at this time. */
export function recordWait(tx: Transaction, run: Run, until: Instant, now: Instant): void {
  record(tx, run, { outcome: 'WAITING', tries: 1, reason: null }, now);
  rest(run, until, 0);
}

/** The run listens to the event as well, and continues at this time at the latest. */
export function recordListening(
  tx: Transaction,
  run: Run,
  { eventType, until }: { readonly eventType: string; readonly until: Instant },
  now: Instant,
): void {
  recordWait(tx, run, until, now);
  run.enrollment.listensTo = [...new Set([...run.exitEvents, eventType])];
}

/** The step acts when business hours begin; its attempts stay counted. */
export function recordQuietHours(tx: Transaction, run: Run, opensAt: Instant, now: Instant): void {
  const { attempts } = run.enrollment;
  record(tx, run, { outcome: 'WAITING', tries: attempts, reason: 'OUTSIDE_BUSINESS_HOURS' }, now);
  rest(run, opensAt, attempts);
}

/** Leases the run until `until`: other processes leave it alone unless the lease expires. */
export function recordClaim({ enrollment }: Run, until: Instant): void {
  enrollment.state = 'ACTIVE';
  enrollment.attempts += 1;
  enrollment.dueAt = until;
}

/** The athlete has been deleted. */
export function cancel(run: Run, now: Instant): void {
  end(run, 'CANCELLED', 'SUBJECT_DELETED', now);
}

/** All steps are done. */
export function complete(run: Run, now: Instant): void {
  end(run, 'COMPLETED', null, now);
}

interface StepRecord {
  readonly outcome: string;
  readonly tries: number;
  /** Absent: a wait, which is no try. */
  readonly startedAt?: Instant;
  /** With `startedAt`: how many tries are kept. */
  readonly keptTries?: number;
  readonly reason: StepReason | null;
  readonly detail?: string | undefined;
  readonly taken?: string | null | undefined;
  readonly answer?: WebhookResult | null | undefined;
}

function record(
  tx: Transaction,
  { step, stored, execution }: Run,
  {
    outcome,
    tries: attempts,
    startedAt,
    keptTries = 0,
    reason,
    detail,
    taken = null,
    answer = null,
  }: StepRecord,
  now: Instant,
): void {
  const key = { accountId: tx.accountId, enrollmentId: step.enrollmentId, step: step.step };
  const made =
    startedAt === undefined
      ? []
      : [
          {
            startedAt: instantToText(startedAt),
            endedAt: instantToText(now),
            outcome,
            reason,
            ...(detail ? { detail } : {}),
          },
        ];
  const before = execution?.tries ?? [];
  const tries = made.length > 0 ? [...before, ...made].slice(-keptTries) : before;
  const value = { outcome, attempts, reason, taken, answer, tries, executedAt: now };
  if (execution) {
    tx.em.assign(tx.em.merge(ActionExecutionEntity, { ...key, ...execution }), value);
  } else {
    tx.em.create(ActionExecutionEntity, {
      ...key,
      ...value,
      userId: step.userId,
      action: storedActionName(stored),
      path: step.path,
    });
  }
}

/** The step has failed for good: the run fails, or goes on as the step says. */
function fail(
  tx: Transaction,
  run: Run,
  {
    reason,
    ...made
  }: Try & Pick<StepRecord, 'detail'> & { readonly keptTries: number; readonly reason: StepReason },
  now: Instant,
): void {
  const next = afterFailure(run.stored);
  const taken = next === 'FAIL' ? null : next.taken;
  record(tx, run, { ...made, outcome: 'FAILED', reason, taken }, now);
  if (next === 'FAIL') {
    end(run, 'FAILED', reason, now);
  } else {
    moveOn(run, taken, now);
  }
}

/** To the step that follows, or to the first of the list that the step took. */
function moveOn(run: Run, taken: string | null | undefined, now: Instant): void {
  if (hasEnded(run)) {
    return;
  }
  const { enrollment, program, exitEvents } = run;
  const position = program[enrollment.nextStep];
  const entry = taken ? position?.entries.get(taken) : position?.next;
  if (entry === undefined) {
    throw new TypeError(`step ${enrollment.nextStep} has no steps that follow ${taken}`);
  }
  enrollment.nextStep = entry;
  enrollment.received = null;
  enrollment.listensTo = exitEvents.length > 0 ? [...exitEvents] : null;
  if (entry < program.length) {
    rest(run, now, 0);
  } else {
    complete(run, now);
  }
}

function rest(run: Run, until: Instant, attempts: number): void {
  if (run.enrollment.state === 'PAUSED') {
    // It was paused while a call was under way.
    Object.assign(run.enrollment, { pausedDueAt: until, attempts });
  } else if (!hasEnded(run)) {
    Object.assign(run.enrollment, { state: 'ACTIVE', dueAt: until, attempts });
  }
}

function end(
  run: Run,
  state: 'COMPLETED' | 'FAILED' | 'CANCELLED',
  reason: string | null,
  now: Instant,
): void {
  if (!hasEnded(run)) {
    const ended = { state, dueAt: null, pausedDueAt: null, endedAt: now, endedReason: reason };
    Object.assign(run.enrollment, { ...ended, attempts: 0 });
  }
}

/** Deleting a workflow cancels its runs, including those with a call under way. */
function hasEnded({ enrollment }: Run): boolean {
  return enrollment.endedAt !== null;
}

export type Judgement =
  /** `taken` is the list that the step chose, if it has any. */
  | {
      readonly kind: 'ENDED';
      readonly outcome: StepEnd;
      readonly taken?: string;
      readonly answer?: WebhookResult;
    }
  | { readonly kind: 'TRY_AGAIN'; readonly reason: StepReason }
  | { readonly kind: 'FAILED'; readonly reason: StepReason; readonly detail?: string | undefined }
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
  return 'answer' in end
    ? { kind: 'ENDED', outcome: 'DONE', answer: end.answer }
    : { kind: 'TRY_AGAIN', reason: end.tryAgain };
}

/** Classifies what a step threw; anything but a DomainError is a defect. */
export function judgeError(error: unknown): Judgement {
  if (error instanceof StepRefusal) {
    return { kind: 'FAILED', reason: error.reason, detail: error.detail };
  }
  if (error instanceof FilterUnreadable) {
    return { kind: 'FAILED', reason: 'FILTER_UNREADABLE' };
  }
  const reason = error instanceof DomainError ? error.reason : 'INTERNAL';
  if (reason === 'USER_NOT_FOUND') {
    return { kind: 'SUBJECT_DELETED' };
  }
  return { kind: PASSING_REASONS.has(reason) ? 'TRY_AGAIN' : 'FAILED', reason };
}

/** Microseconds until the next attempt: exponential backoff with jitter. */
export function pauseMicros(
  tries: number,
  { firstStepPauseMs, longestStepPauseMs }: Pick<Limits, 'firstStepPauseMs' | 'longestStepPauseMs'>,
): bigint {
  const pauseMs = backoffMs(tries, { firstMs: firstStepPauseMs, longestMs: longestStepPauseMs });
  return BigInt(Math.round(pauseMs * 1000));
}
